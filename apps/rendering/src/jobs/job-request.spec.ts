import { maxSeed } from '@tower/contracts';
import type { Gpu, GpuInventory } from '../gpus/gpu.entity';
import { assemblePrompt, chooseSeed, knownChoices, nextSeed } from './job-request';

describe('assemblePrompt', () => {
  it('puts characters before the request and joins each negative token once', () => {
    expect(
      assemblePrompt({ prompt: ' at the window ', negative_prompt: 'blurry' }, [
        { prompt: '1girl, blue hair', negative_tokens: ['lowres', 'extra digits'] },
        { prompt: '', negative_tokens: ['lowres'] },
      ]),
    ).toEqual({ positive: '1girl, blue hair, at the window', negative: 'blurry, lowres, extra digits' });
  });

  it('leaves no comma where nothing was said', () => {
    expect(assemblePrompt({ prompt: 'a tower', negative_prompt: '' }, [])).toEqual({ positive: 'a tower', negative: '' });
  });
});

describe('seeds', () => {
  it('leaves room for the whole batch', () => {
    expect(chooseSeed(64, () => 0.999999999999999999)).toBeLessThanOrEqual(maxSeed - 63);
    expect(chooseSeed(1, () => 0)).toBe(0);
  });

  it('wraps around at the top and stays exact', () => {
    expect(nextSeed(5)).toBe(1_000_008);
    expect(nextSeed(maxSeed)).toBe(1_000_002);
    expect(Number.isSafeInteger(nextSeed(maxSeed - 3))).toBe(true);
  });
});

describe('knownChoices', () => {
  const gpu = (checkpoints: string[] | null): Gpu => ({ inventory: checkpoints && ({ checkpoints, samplers: ['euler'], schedulers: ['normal'] } as unknown as GpuInventory) }) as Gpu;

  it('puts the files that most cards have first', () => {
    expect(knownChoices([gpu(['a', 'c']), gpu(['b', 'c']), gpu(null)]).checkpoints).toEqual(['c', 'a', 'b']);
  });

  it('knows no limits while no card was ever seen', () => {
    expect(knownChoices([gpu(null)])).toEqual({});
  });
});
