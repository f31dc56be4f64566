import { gpuState } from '@tower/contracts';
import { cardOf, memoryMbOf } from './card';
import { Gpu } from './card.entity';
import { afterFault, healthy } from './health/health-policy';

const gpu = (changes: Partial<Gpu> = {}): Gpu =>
  Object.assign(new Gpu(), {
    name: 'rtx3060',
    config: { prefers: ['image'], only: false },
    position: 0,
    state: 'idle',
    detail: '',
    inventory: null,
    foreignPrompts: 0,
    ...changes,
  });

describe('a card', () => {
  it('takes work while it answers and is well', () => {
    const usable = gpuState.options.filter((state) => cardOf(gpu({ state })).isUsable);
    expect(usable).toEqual(['idle', 'busy', 'shared']);
    for (const state of gpuState.options) {
      const { isUsable, trouble } = cardOf(gpu({ state, detail: 'has a fault' }));
      expect(trouble === undefined).toBe(isUsable);
    }
  });

  it('says why it takes none, under its name once', () => {
    const said = (state: Gpu['state'], detail: string) => cardOf(gpu({ state, detail })).trouble;
    expect(said('unknown', '')).toBe('rtx3060 has not been asked yet');
    expect(said('unhealthy', 'restart this ComfyUI')).toBe('rtx3060: restart this ComfyUI');
    expect(said('down', 'rtx3060 answers 401 to GET /queue')).toBe('rtx3060 answers 401 to GET /queue');
  });

  it('takes none while a person has drained it, and says who, since when and why', () => {
    const drained = { by: 'Ada', since: '2026-12-01T12:00:00.000Z', reason: 'a new fan' };
    expect(cardOf(gpu({ drained }))).toMatchObject({
      isUsable: false,
      trouble: 'rtx3060 is drained by Ada since 2026-12-01T12:00:00.000Z: a new fan',
    });
    expect(cardOf(gpu({ drained: { ...drained, reason: '' } })).trouble).toMatch(/12:00:00\.000Z$/);
    expect(cardOf(gpu({ drained, state: 'down', detail: 'no answer' })).trouble).toBe(
      'rtx3060: no answer; rtx3060 is drained by Ada since 2026-12-01T12:00:00.000Z: a new fan',
    );
  });

  it('that rests after failures and is drained says both, and that it is not tried meanwhile', () => {
    const fault = { kind: 'disk_full', reason: 'No space left', promptId: 'p', disobeyed: false } as const;
    const health = afterFault(healthy, fault, new Date('2026-12-01T12:00:30Z'), 30_000);
    const resting = { state: 'unhealthy' as const, health, detail: 'out of service; tried again at 12:01' };
    const drained = { by: 'Ada', since: '2026-12-01T12:00:00.000Z', reason: '' };
    expect(cardOf(gpu({ ...resting, drained })).trouble).toBe(
      'rtx3060: out of service; tried again at 12:01, but not while it is drained; ' +
        'rtx3060 is drained by Ada since 2026-12-01T12:00:00.000Z',
    );
    expect(cardOf(gpu({ ...resting, drained: null })).trouble).toBe('rtx3060: out of service; tried again at 12:01');
  });

  it('has the memory that is configured, else what its server says, else none that is known', () => {
    const seen = { vramMb: 12_288 };
    expect(memoryMbOf({ config: { vram_mb: 8_192 }, inventory: seen })).toBe(8_192);
    expect(memoryMbOf({ config: {}, inventory: seen })).toBe(12_288);
    expect(cardOf(gpu()).memoryMb).toBeNull();
  });

  it('that was never seen has no node and no file', () => {
    expect(cardOf(gpu())).toMatchObject({ nodes: [], checkpoints: [], models: undefined });
  });
});
