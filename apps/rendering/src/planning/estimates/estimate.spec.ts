import * as fc from 'fast-check';
import { estimateAttempt, median, type Sample, type Work } from './estimate';

const work: Work = { workflow: 'still', width: 512, height: 768, frames: 1, steps: 24 };
const priors = { basis: 'prior: unverified', load_seconds: 6, seconds_per_megapixel_step: 1, fixed_seconds: 1.5 };
const took = (seconds: number, changes: Partial<Sample> = {}): Sample => ({ ...work, gpu: 'a', seconds, ...changes });

describe('estimateAttempt', () => {
  it('says prior, with a wide interval and no confidence, when nothing was measured', () => {
    const estimate = estimateAttempt(work, 'a', [took(3, { gpu: 'b' }), took(3, { workflow: 'other' })], priors);
    expect(estimate).toMatchObject({ basis: 'prior: unverified', confidence: null });
    expect(estimate.seconds).toBeCloseTo(6 + (512 * 768 * 24) / 1e6 + 1.5, 9);
    expect(estimate.low).toBeLessThan(estimate.seconds / 2);
  });

  it('takes the median of attempts of the same size and card, their range, and its exact probability', () => {
    expect(estimateAttempt(work, 'a', [took(4), took(9), took(5)], priors)).toEqual({
      seconds: 5,
      low: 4,
      high: 9,
      confidence: 0.5,
      basis: 'median of 3 attempts of this size on a',
    });
  });

  it('claims no confidence from a single attempt', () => {
    expect(estimateAttempt(work, 'a', [took(4)], priors)).toMatchObject({
      seconds: 4,
      confidence: null,
      basis: 'median of 1 attempt of this size on a',
    });
  });

  it('takes nothing from another device that the card had before', () => {
    const samples = [
      took(4, { device: 'NVIDIA GeForce RTX 3060' }),
      took(40, { device: 'cpu' }),
      took(6, { device: null }),
    ];
    expect(estimateAttempt(work, 'a', samples, priors, 'NVIDIA GeForce RTX 3060')).toMatchObject({
      low: 4,
      high: 6,
      basis: 'median of 2 attempts of this size on a',
    });
    expect(estimateAttempt(work, 'a', samples.slice(0, 2), priors, 'NVIDIA GeForce RTX 4090').confidence).toBeNull();
    expect(estimateAttempt(work, 'a', samples, priors).high).toBe(40);
  });

  it('scales attempts of other sizes by pixels and steps, and says so', () => {
    const estimate = estimateAttempt(work, 'a', [took(2, { steps: 12 }), took(8, { height: 1536 })], priors);
    expect(estimate.seconds).toBeCloseTo(4, 9);
    expect(estimate.basis).toMatch(/^scaled by pixels, frames and steps from 2/);
  });

  it('scales by frames as well, and takes attempts with the same changes before others', () => {
    const film = { ...work, frames: 16 };
    expect(estimateAttempt(film, 'a', [took(2)], priors).seconds).toBeCloseTo(32, 9);
    const tiled = { ...film, plan: { steps: ['tiled_vae' as const] } };
    const samples = [took(30, { frames: 16 }), took(50, { frames: 16, plan: { steps: ['other_seed', 'tiled_vae'] } })];
    expect(estimateAttempt(tiled, 'a', samples, priors)).toMatchObject({
      seconds: 50,
      basis: 'median of 1 attempt of this size on a',
    });
    expect(estimateAttempt(film, 'a', samples, priors)).toMatchObject({ seconds: 30 });
    expect(
      estimateAttempt({ ...film, plan: { steps: ['smaller_context' as const] } }, 'a', samples, priors).basis,
    ).toMatch(/^scaled/);
  });

  it('counts what samples nothing as one step', () => {
    expect(estimateAttempt({ ...work, steps: 0 }, 'a', [], priors).seconds).toBeCloseTo(6 + (512 * 768) / 1e6 + 1.5, 9);
  });

  it('does not take another shape with the same number of pixels for the same size', () => {
    expect(estimateAttempt(work, 'a', [took(4, { width: 768, height: 512 })], priors).basis).toMatch(/^scaled/);
  });

  it('forgets old attempts', () => {
    const samples = [...Array.from({ length: 30 }, () => took(2)), took(100)];
    expect(estimateAttempt(work, 'a', samples, priors)).toMatchObject({ seconds: 2, high: 2 });
  });

  describe('of a card that became slower', () => {
    const usual = [1.5, 1.6, 1.7, 1.6, 1.6, 1.5, 1.7].map((seconds) => took(seconds));

    it('holds the newest measurement at once, and claims no probability while it stands alone', () => {
      const estimate = estimateAttempt(work, 'a', [took(8.9), ...usual], priors);
      expect(estimate).toMatchObject({ seconds: 1.6, low: 1.5, confidence: null });
      expect(estimate.high).toBeGreaterThan(8.9);
      expect(estimate.basis).toBe(
        'median of 7 attempts of this size on a; the newest took 8.9 s, outside of all before it',
      );
    });

    it('speaks of the new level alone from the second measurement of it on', () => {
      expect(estimateAttempt(work, 'a', [took(9), took(8.9), ...usual], priors)).toEqual({
        seconds: 8.95,
        low: 8.9,
        high: 9,
        confidence: 1 / 3,
        basis: 'median of 2 attempts of this size on a, since it took another time',
      });
    });

    it('comes back in the same way', () => {
      const slow = [9, 8.9, 9.1].map((seconds) => took(seconds));
      expect(estimateAttempt(work, 'a', [took(1.6), took(1.5), ...slow, ...usual], priors)).toMatchObject({
        seconds: 1.55,
        high: 1.6,
      });
    });

    it('narrows again as measurements agree after a single one that did not', () => {
      const after = (count: number) => [...Array.from({ length: count }, () => took(1.6)), took(8.9), ...usual];
      expect(estimateAttempt(work, 'a', after(1), priors)).toMatchObject({ seconds: 1.6, high: 8.9 });
      expect(estimateAttempt(work, 'a', after(19), priors)).toMatchObject({ seconds: 1.6, high: 1.6, confidence: 0.9 });
    });

    it('does not take moments for another level: a busy machine makes them', () => {
      const quick = [0.3, 0.1, 0.1, 0.1].map((seconds) => took(seconds));
      expect(estimateAttempt(work, 'a', quick, priors)).toMatchObject({ low: 0.1, high: 0.3, confidence: 3 / 5 });
    });

    it('takes measurements that only vary for one level', () => {
      const varying = [4, 5, 4.4, 4.9, 4.1, 4.6].map((seconds) => took(seconds));
      expect(estimateAttempt(work, 'a', varying, priors)).toMatchObject({ low: 4, high: 5, confidence: 5 / 7 });
    });
  });

  it('always lies within its interval', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { maxLength: 40 }), (seconds) => {
        const estimate = estimateAttempt(
          work,
          'a',
          seconds.map((value) => took(value)),
          priors,
        );
        return estimate.low <= estimate.seconds && estimate.seconds <= estimate.high;
      }),
    );
  });
});

describe('median', () => {
  it('is the middle, or the mean of the two middle ones', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow('nothing');
  });
});
