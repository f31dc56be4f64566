import type { Waiting } from '../eligibility';
import type { Busy } from '../estimates/remaining';
import type { PlanFacts } from '../plan-facts';
import { aCard, aTask } from '../planning.fixture';
import { offersOf } from './offers';

const exactly = (seconds: number) => ({ seconds, low: seconds, high: seconds, p80: seconds });

const facts = (changes: Partial<PlanFacts<Waiting>> = {}): PlanFacts<Waiting> => ({
  cards: [
    aCard({ name: 'idle' }),
    aCard({ name: 'cold' }),
    aCard({ name: 'working', isIdle: false }),
    aCard({ name: 'theirs', foreignPrompts: 2 }),
    aCard({ name: 'moving', isIdle: false }),
    aCard({ name: 'bare', nodes: [] }),
  ],
  busy: new Map<string, Busy>([['working', exactly(20)]]),
  waiting: [],
  estimate: () => ({ ...exactly(5), confidence: null, basis: 'exact' }),
  load: (_, gpu, resident) => exactly(gpu === 'cold' && !resident.includes('m') ? 7 : 0),
  cost: (_, gpu) => (gpu === 'cold' ? 1.25 : 0),
  ...changes,
});

const made = { takesIt: true, reason: null, penaltySeconds: 0 };

it('each card says when a task would be ready there, or why it could not take it or did not come into question', () => {
  expect(offersOf(facts(), aTask(), new Set(['idle', 'cold']))).toEqual([
    { ...made, gpu: 'idle', readyIn: 5 },
    { ...made, gpu: 'cold', readyIn: 12, penaltySeconds: 1.3 },
    { ...made, gpu: 'working', readyIn: 25, reason: 'working was at work' },
    {
      ...made,
      gpu: 'theirs',
      readyIn: null,
      reason: 'theirs was not free, and nobody knew how long 2 prompts that somebody else queued take on theirs',
    },
    { ...made, gpu: 'moving', readyIn: 5, reason: 'moving was not free' },
    {
      gpu: 'bare',
      takesIt: false,
      reason: 'bare lacks the node KSampler',
      readyIn: null,
      penaltySeconds: null,
    },
  ]);
});

it('a card that comes into question is free, whatever was read of it, once memory on it is', () => {
  const claimed = facts({ earliest: (_, gpu) => (gpu === 'theirs' ? 30 : 0), resident: new Map([['cold', ['m']]]) });
  const offers = offersOf(claimed, aTask(), new Set(['theirs', 'cold']));
  expect(offers.find(({ gpu }) => gpu === 'theirs')).toEqual({ ...made, gpu: 'theirs', readyIn: 35 });
  expect(offers.find(({ gpu }) => gpu === 'cold')).toMatchObject({ readyIn: 5 });
});
