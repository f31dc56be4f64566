import {
  computed,
  computedOrInferenceFailed,
  notApplicable,
  notApplicableReasons,
  notComputed,
  notComputedReasons,
} from './score';

describe('a score', () => {
  it.each([NaN, Infinity, -Infinity])('cannot be computed as %p', (value) => {
    expect(() => computed(value)).toThrow(RangeError);
    expect(computedOrInferenceFailed(value)).toEqual({ state: 'not_computed', reason: 'inference_failed' });
  });

  it('keeps zero and negative values', () => {
    expect(computed(0)).toEqual({ state: 'computed', value: 0 });
    expect(computedOrInferenceFailed(-0.5)).toEqual({ state: 'computed', value: -0.5 });
  });

  it('has no value unless it is computed', () => {
    expect(notApplicable('static')).toEqual({ state: 'not_applicable', reason: 'static' });
    expect(notComputed('model_missing')).toEqual({ state: 'not_computed', reason: 'model_missing' });
  });

  it('never gives one reason two meanings', () => {
    expect(notApplicableReasons.filter((reason) => (notComputedReasons as readonly string[]).includes(reason))).toEqual(
      [],
    );
  });
});
