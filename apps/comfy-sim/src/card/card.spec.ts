import { Card } from './card';
import { cardProfiles } from './card-profile';

const seconds = (steps: number, next: () => number): number => Array.from({ length: steps }, next).reduce((sum, value) => sum + value, 0);

describe('Card', () => {
  it.each([['rtx3060', 8, 12], ['rx9070xt', 5, 8]] as const)('%s takes %d to %d seconds for 20 steps of SD1.5 at 512×768', (profile, least, most) => {
    const card = new Card(cardProfiles[profile], 1);
    const taken = seconds(20, () => card.stepSeconds('anime_sd15.safetensors', 512 * 768, 1, 6));
    expect(taken).toBeGreaterThanOrEqual(least);
    expect(taken).toBeLessThanOrEqual(most);
  });

  it.each(['rtx3060', 'rx9070xt'] as const)('%s reads a checkpoint in 4 to 8 seconds, and faster the second time', (profile) => {
    const card = new Card(cardProfiles[profile], 1);
    for (const file of ['anime_sd15.safetensors', 'anime_sdxl.safetensors']) {
      const cold = card.loadSeconds(file);
      expect(cold).toBeGreaterThanOrEqual(4);
      expect(cold).toBeLessThanOrEqual(8);
      expect(card.loadSeconds(file)).toBeLessThan(cold / 2);
    }
  });

  it('gives the same durations for the same seed, and others for another', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => new Card(cardProfiles.rtx3060, seed).textEncodeSeconds());
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it('keeps a model on the card until another needs its place or all are unloaded', () => {
    const card = new Card({ ...cardProfiles.rtx3060, vramBytes: 5 * 1024 ** 3 }, 1);
    expect(card.makeResident('a_sd15.safetensors')).toBeGreaterThan(0);
    expect(card.makeResident('a_sd15.safetensors')).toBe(0);
    card.makeResident('b_sdxl.safetensors');
    expect(card.residentModels()).toEqual(['b_sdxl.safetensors']);
    card.unloadAll();
    expect(card.usedBytes()).toBe(cardProfiles.rtx3060.idleVramBytes);
  });
});
