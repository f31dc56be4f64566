import { Card, type StepWork } from './card';
import { cardProfiles } from './card-profile';
import { familyOf } from './model-family';
import { checkpointBytes } from './model-weights';

const seconds = (steps: number, next: () => number): number =>
  Array.from({ length: steps }, next).reduce((sum, value) => sum + value, 0);
const still: StepWork = {
  family: familyOf('anime_sd15.safetensors'),
  cells: 64 * 96,
  frames: 1,
  windows: 1,
  guided: true,
  factor: 1,
  missingBytes: 0,
};

describe('Card', () => {
  it.each([
    ['rtx3060', 8, 12],
    ['rx9070xt', 5, 8],
  ] as const)('%s takes %d to %d seconds for 20 steps of SD1.5 at 512×768', (profile, least, most) => {
    const card = new Card(cardProfiles[profile], 1);
    const taken = seconds(20, () => card.stepSeconds(still));
    expect(taken).toBeGreaterThanOrEqual(least);
    expect(taken).toBeLessThanOrEqual(most);
  });

  it.each([
    ['anime_sd15.safetensors', 3, 6],
    ['anime_sdxl.safetensors', 11, 17],
  ] as const)('reads %s in %d to %d seconds, and faster the second time', (file, least, most) => {
    for (const profile of ['rtx3060', 'rx9070xt'] as const) {
      const card = new Card(cardProfiles[profile], 1);
      const cold = card.readSeconds(file, checkpointBytes(file));
      expect(cold).toBeGreaterThanOrEqual(least);
      expect(cold).toBeLessThanOrEqual(most);
      expect(card.readSeconds(file, checkpointBytes(file))).toBeLessThan(cold / 2);
    }
  });

  it('gives the same durations for the same seed, and others for another', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => new Card(cardProfiles.rtx3060, seed).textEncodeSeconds());
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it('takes longer for each window, for streamed weights and for more frames than in proportion', () => {
    const step = (changes: Partial<StepWork>): number =>
      new Card(cardProfiles.rtx3060, 1).stepSeconds({ ...still, ...changes });
    expect(step({ windows: 3 })).toBeCloseTo(3 * step({}), 5);
    expect(step({ missingBytes: 11 * 1024 ** 3 }) - step({})).toBeCloseTo(2, 0);
    expect(step({ frames: 16 })).toBeGreaterThan(16 * step({}));
    expect(step({ guided: false })).toBeLessThan(step({}));
  });

  it('encodes a text on the CPU many times more slowly than on the card', () => {
    const onCard = new Card(cardProfiles.rtx3060, 1).textEncodeSeconds(5.68e9);
    expect(new Card(cardProfiles.rtx3060, 1).textEncodeSeconds(5.68e9, true)).toBeGreaterThan(5 * onCard);
  });
});
