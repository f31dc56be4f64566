import { resolutionAchieved } from './resolution';

const score = (w: number, h: number, ew: number, eh: number): number => {
  const result = resolutionAchieved({ width: w, height: h }, { width: ew, height: eh });
  if (result.state !== 'computed') throw new Error(result.reason);
  return result.value;
};

describe('resolution achieved', () => {
  it('is exactly 1 for the size asked for and for no other', () => {
    expect(score(1024, 576, 1024, 576)).toBe(1);
    expect(score(1023, 576, 1024, 576)).toBeLessThan(1);
    expect(score(1025, 576, 1024, 576)).toBeLessThan(1);
  });

  it('is the share of asked pixels when both sides are short', () => {
    expect(score(512, 512, 1024, 1024)).toBe(0.25);
  });

  it('does not let a long side make up for a short one', () => {
    expect(score(2048, 512, 1024, 1024)).toBe(0.25);
    expect(score(576, 1024, 1024, 576)).toBeCloseTo((576 / 1024) ** 2, 12);
  });

  it('is not applicable when nobody asked for a size', () => {
    expect(resolutionAchieved({ width: 8, height: 8 }, undefined)).toEqual({
      state: 'not_applicable',
      reason: 'no_expected_size',
    });
  });

  it.each([0, -1, 1.5, NaN])('refuses a side of %p', (side) => {
    expect(() => resolutionAchieved({ width: side, height: 8 }, { width: 8, height: 8 })).toThrow(RangeError);
    expect(() => resolutionAchieved({ width: 8, height: 8 }, { width: 8, height: side })).toThrow(RangeError);
  });
});
