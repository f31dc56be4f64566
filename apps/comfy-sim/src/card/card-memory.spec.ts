import { samplingBytes, tiledVaeBytes, vaeBytes } from './activations';
import { CardMemory } from './card-memory';
import { cardProfiles, type CardProfileId } from './card-profile';
import { familyOf } from './model-family';
import { diffusionWeights, encoderWeights, type Weights } from './model-weights';

const gibibyte = 1024 ** 3;
const weights = (name: string, gib: number, canBeSplit = true): Weights => ({
  name,
  bytes: gib * gibibyte,
  canBeSplit,
});
const memoryOf = (profile: CardProfileId): CardMemory => new CardMemory(cardProfiles[profile]);
const pixels = (width: number, height: number): number => width * height;

/** Activations of a Wan clip with so many pictures. */
function sampling(file: string, width: number, height: number, pictures: number): number {
  const family = familyOf(file);
  return samplingBytes(family, pixels(width, height) / family.cell ** 2, Math.floor((pictures - 1) / 4) + 1, 0);
}

describe('CardMemory', () => {
  it('keeps weights until others need their place, and puts the longest unused out first', () => {
    const memory = memoryOf('rtx3060');
    expect(memory.place([weights('a', 4)], 0).movedBytes).toBe(4 * gibibyte);
    expect(memory.place([weights('b', 4)], 0).movedBytes).toBe(4 * gibibyte);
    expect(memory.place([weights('a', 4)], 0).movedBytes).toBe(0);
    memory.place([weights('c', 5)], 0);
    expect(memory.names()).toEqual(['a', 'c']);
    memory.unloadAll();
    expect(memory.usedBytes()).toBe(cardProfiles.rtx3060.idleVramBytes);
  });

  it('counts activations as used until they are given back', () => {
    const memory = memoryOf('rtx3060');
    memory.place([weights('a', 2)], 3 * gibibyte);
    expect(memory.usedBytes()).toBe(cardProfiles.rtx3060.idleVramBytes + 5 * gibibyte);
    memory.release();
    expect(memory.usedBytes()).toBe(cardProfiles.rtx3060.idleVramBytes + 2 * gibibyte);
  });

  it('leaves a part of the weights in RAM that do not fit beside the activations', () => {
    const { missingBytes } = memoryOf('rtx3060').place([weights('large', 13)], 4 * gibibyte);
    expect(missingBytes / gibibyte).toBeCloseTo(13 - (12 - 0.4 - 0.4 - 4), 3);
  });

  it('never splits what cannot be split', () => {
    expect(() => memoryOf('rtx3060').place([weights('whole', 12, false)], 0)).toThrow('Allocation on device ');
  });

  it('does not unload what a pack holds behind its back', () => {
    const memory = memoryOf('rtx3060');
    memory.holdForeign(gibibyte);
    memory.unloadAll();
    expect(memory.usedBytes()).toBe(cardProfiles.rtx3060.idleVramBytes + gibibyte);
  });

  it('spells the error as the card does', () => {
    const whole = [weights('whole', 40, false)];
    expect(() => memoryOf('rx9070xt').place(whole, gibibyte)).toThrow(
      new RegExp(
        String.raw`^HIP out of memory\. Tried to allocate 1\.00 GiB\. ` +
          String.raw`GPU 0 has a total capacity of 16\.00 GiB of which 15\.40 GiB is free\.$`,
      ),
    );
    expect(() => memoryOf('cpu').place(whole, gibibyte)).toThrow(/alloc_cpu/);
  });
});

describe('what fits on a card', () => {
  const fits = (profile: CardProfileId, file: string, activations: number): boolean => {
    try {
      memoryOf(profile).place([diffusionWeights(file)], activations);
      return true;
    } catch {
      return false;
    }
  };
  const fp8 = 'wan2.1_i2v_480p_14B_fp8_e4m3fn.safetensors';
  const gguf = 'wan2.1-i2v-14b-480p-Q4_K_M.gguf';

  it.each([
    ['rtx3060', fp8, 81, false],
    ['rtx3060', fp8, 49, true],
    ['rtx3060', gguf, 49, true],
    ['rtx3060', gguf, 81, true],
    ['rx9070xt', fp8, 81, true],
    ['rtx3060', 'wan2.1_t2v_1.3B_fp16.safetensors', 81, true],
  ] as const)('%s sampling %s over %d pictures of 832×480: %s', (profile, file, pictures, expected) => {
    expect(fits(profile, file, sampling(file, 832, 480, pictures))).toBe(expected);
  });

  it('has room for 33 pictures of 1280×720 on 16 GB and for none of 81 on either card', () => {
    expect(fits('rx9070xt', fp8, sampling(fp8, 1280, 720, 33))).toBe(true);
    expect(fits('rx9070xt', fp8, sampling(fp8, 1280, 720, 81))).toBe(false);
    expect(fits('rtx3060', gguf, sampling(gguf, 1280, 720, 81))).toBe(false);
  });

  it('needs less to decode a film in tiles than at once, and less in smaller tiles', () => {
    const film = pixels(1280, 720);
    const whole = vaeBytes('wan2.1', 'decode', film, 81);
    const tiled = tiledVaeBytes('wan2.1', 'decode', film, 81, { side: 512, frames: 64 });
    expect(whole / gibibyte).toBeGreaterThan(12);
    expect(tiled).toBeLessThan(whole / 2);
    expect(tiledVaeBytes('wan2.1', 'decode', film, 81, { side: 256, frames: 32 })).toBeLessThan(tiled / 2);
  });

  it('takes about the bytes of the file for quantised weights', () => {
    expect(diffusionWeights(gguf).bytes / 1e9).toBeCloseTo(11.3, 0);
    expect(diffusionWeights(fp8).bytes / 1e9).toBeCloseTo(16.4, 0);
    expect(encoderWeights('umt5_xxl_fp8_e4m3fn_scaled.safetensors').bytes).toBeLessThan(
      encoderWeights('umt5_xxl_fp16.safetensors').bytes,
    );
  });
});
