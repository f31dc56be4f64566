import type { Gpu, GpuInventory } from './card.entity';
import { knownChoices } from './known-choices';

describe('knownChoices', () => {
  const gpu = (checkpoints: string[] | null): Gpu =>
    ({
      inventory:
        checkpoints && ({ checkpoints, samplers: ['euler'], schedulers: ['normal'] } as unknown as GpuInventory),
    }) as Gpu;

  it('puts the files that most cards have first', () => {
    expect(knownChoices([gpu(['a', 'c']), gpu(['b', 'c']), gpu(null)]).checkpoints).toEqual(['c', 'a', 'b']);
  });

  it('knows a file that cards spell differently once, and what each card has', () => {
    const known = knownChoices([gpu(['SD15\\a', 'b']), gpu(['SD15/a', 'c'])]);
    expect(known.checkpoints).toEqual(['SD15/a', 'b', 'c']);
    expect(known.cards).toHaveLength(2);
  });

  it('knows no limits while no card was ever seen', () => {
    expect(knownChoices([gpu(null)])).toEqual({});
  });
});
