import { computed, computedOrInferenceError, notApplicable, notApplicableReasons, notComputed, notComputedReasons } from './score';

describe('a score', () => {
  it.each([NaN, Infinity, -Infinity])('cannot be computed as %p', (value) => {
    expect(() => computed(value)).toThrow(RangeError);
    expect(computedOrInferenceError(value)).toEqual({ state: 'not_computed', reason: 'inference_error' });
  });

  it('keeps zero and negative values', () => {
    expect(computed(0)).toEqual({ state: 'computed', value: 0 });
    expect(computedOrInferenceError(-0.5)).toEqual({ state: 'computed', value: -0.5 });
  });

  it('has no value unless it is computed', () => {
    expect(notApplicable('static')).toEqual({ state: 'not_applicable', reason: 'static' });
    expect(notComputed('model_missing')).toEqual({ state: 'not_computed', reason: 'model_missing' });
  });

  it('never gives one reason two meanings', () => {
    expect(notApplicableReasons.filter((reason) => (notComputedReasons as readonly string[]).includes(reason))).toEqual([]);
  });
});
