import type { Card } from '../cards/card';
import { asSeenBy, claimText, earliestStart, ineligibility, type Waiting } from './eligibility';
import { aCard, aTask, filmCard as video } from './planning.fixture';

describe('ineligibility', () => {
  it.each<[string, Card, Waiting, string | undefined]>([
    ['a card that can', aCard(), aTask(), undefined],
    ['a card that is down', aCard({ isUsable: false }), aTask(), 'rx9070xt does not answer'],
    [
      'a card whose own detail knows better',
      aCard({ isUsable: false, trouble: 'rx9070xt answers 401 to GET /queue' }),
      aTask(),
      'rx9070xt answers 401 to GET /queue',
    ],
    ['a card that failed the task', aCard(), aTask({ excludedGpus: ['rx9070xt'] }), 'rx9070xt failed it already'],
    [
      'a card that takes only other work',
      aCard({ only: true, prefers: ['video'] }),
      aTask(),
      'rx9070xt takes only video',
    ],
    [
      'a card without a node',
      aCard(),
      aTask({ classes: ['KSampler', 'IPAdapter'] }),
      'rx9070xt lacks the node IPAdapter',
    ],
    [
      'a card without the model',
      aCard({ checkpoints: [] }),
      aTask(),
      'rx9070xt lacks models/checkpoints/anime.safetensors',
    ],
  ])('says of %s what is missing', (_what, card, task, reason) => {
    expect(ineligibility(card, task)).toBe(reason);
  });
});

describe('what a task needs of a card', () => {
  const requires = {
    workflow: 'loop',
    nodes: ['KSampler'],
    models: [{ folder: 'loras', name: 'style.safetensors', source: undefined }],
    sought: [],
  };
  const stock = { nodes: ['KSampler'], checkpoints: [], models: { loras: ['style.safetensors'] } };

  it('is taken from its own graph where the card’s stock is known', () => {
    expect(ineligibility(aCard(stock), aTask({ requires }))).toBeUndefined();
    expect(ineligibility(aCard({ ...stock, models: { loras: [] } }), aTask({ requires }))).toBe(
      'rx9070xt lacks models/loras/style.safetensors',
    );
  });

  it('cannot be said of a graph that there is not', () => {
    expect(ineligibility(aCard(stock), aTask({ requires: { ...requires, fault: 'steps has no value' } }))).toBe(
      'workflow loop makes no graph of it: steps has no value',
    );
  });

  it('includes the memory that failures taught', () => {
    expect(ineligibility(aCard({ memoryMb: 12_288 }), aTask({ needsMb: 14_438 }))).toBe(
      'needs about 14.1 GB here, rx9070xt has 12 GB',
    );
    expect(ineligibility(aCard({ memoryMb: 16_384 }), aTask({ needsMb: 14_438 }))).toBeUndefined();
    expect(ineligibility(aCard({ memoryMb: null }), aTask({ needsMb: 14_438 }))).toBeUndefined();
  });

  it('is tried on the card that recovery is about, whatever its size, and on no other', () => {
    const task = aTask({ needsMb: 14_438, pinnedGpu: 'rtx3060' });
    expect(ineligibility({ ...video, memoryMb: 12_288 }, task)).toBeUndefined();
    expect(ineligibility(aCard({ memoryMb: 16_384 }), task)).toBe('recovery goes on with rtx3060');
  });

  it('says why a card is out of service', () => {
    expect(ineligibility(aCard({ isUsable: false, trouble: 'rx9070xt: restart this ComfyUI' }), aTask())).toBe(
      'rx9070xt: restart this ComfyUI',
    );
  });
});

describe('asSeenBy', () => {
  const small = { ...video, memoryMb: 12_288 };
  const big = aCard({ memoryMb: 16_384 });

  it('lets the biggest card try what is known to be too large for all', () => {
    expect(asSeenBy([small, big], aTask({ needsMb: 40_000 })).needsMb).toBe(16_384);
    expect(asSeenBy([small, big], aTask({ needsMb: 14_000 })).needsMb).toBe(14_000);
  });

  it('does not hold a small card’s task back when the big one cannot run it', () => {
    expect(asSeenBy([small, big], aTask({ needsMb: 14_000, excludedGpus: ['rx9070xt'] })).needsMb).toBe(12_288);
    expect(asSeenBy([small], aTask({ needsMb: 14_000, excludedGpus: ['rtx3060'] })).needsMb).toBeNull();
  });

  it('lets a task go from a card that is gone or cannot run it', () => {
    expect(asSeenBy([small, big], aTask({ pinnedGpu: 'rtx3060' })).pinnedGpu).toBe('rtx3060');
    expect(asSeenBy([{ ...small, isUsable: false }, big], aTask({ pinnedGpu: 'rtx3060' })).pinnedGpu).toBeUndefined();
    expect(asSeenBy([big], aTask({ pinnedGpu: 'rtx3060' })).pinnedGpu).toBeUndefined();
  });
});

describe('memory that another program claims', () => {
  const until = new Date('2026-12-01T12:30:00Z');
  const claim = { megabytes: 6_144, who: 'Blender', until, endsIn: 1_800, isSettled: true };
  const card = aCard({ memoryMb: 12_288, claims: [claim] });

  it('keeps away until its end what is known not to fit beside it, and says whose it is', () => {
    expect(earliestStart(card, aTask({ priorMb: 8_192 }))).toBe(1_800);
    expect(claimText(card, aTask({ priorMb: 8_192 }))).toBe(
      'Blender claimed 6 GB of rx9070xt: 6 GB are left, this needs about 8 GB and can start there at ' +
        '2026-12-01T12:30:00.000Z',
    );
    expect(ineligibility(card, aTask({ priorMb: 8_192 }))).toBeUndefined();
  });

  it('goes by what failures taught before the formula', () => {
    expect(earliestStart(card, aTask({ priorMb: 8_192, needsMb: 5_000 }))).toBe(0);
    expect(earliestStart(card, aTask({ priorMb: 5_000, needsMb: 8_192 }))).toBe(1_800);
  });

  it.each([
    ['what fits', card, aTask({ priorMb: 6_144 })],
    ['what needs nobody knows how much', card, aTask()],
    ['anything on a card whose memory is not known', aCard({ claims: [claim] }), aTask({ priorMb: 8_192 })],
    ['anything where nothing is claimed', aCard({ memoryMb: 12_288 }), aTask({ priorMb: 8_192 })],
  ])('does not keep away %s', (_, on, task) => {
    expect(earliestStart(on, task)).toBe(0);
    expect(claimText(on, task)).toBeUndefined();
  });
});
