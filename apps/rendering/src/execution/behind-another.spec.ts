import type { QueueBody } from '@tower/comfyui';
import type { Logger } from '@tower/kit';
import { FixedClock } from '@tower/testing';
import type { CardDriver } from '../cards/card-driver';
import type { CardHealthService } from '../cards/health/card-health.service';
import { watchThresholds } from '../cards/watch-thresholds';
import { Attempt } from '../jobs/attempt.entity';
import type { AttemptEndings } from './attempt-endings';
import { DeadWorkers } from './dead-workers';
import type { JobOutputs } from './job-outputs';
import type { LivePrompt } from './live-prompts';
import { VanishedPrompts } from './vanished-prompts';

/** What becomes of a prompt that never began, when something befalls the card or the prompt before it. */

let ends: string[];
let clock: FixedClock;
const endings = {
  failed: (_fence: string, { id }: Attempt) => void ends.push(`${id} failed`),
  lost: (_fence: string, { id }: Attempt, _reason: string, gone: boolean) =>
    void ends.push(`${id} lost${gone ? ', process gone' : ''}`),
  displaced: (_fence: string, { id }: Attempt) => void ends.push(`${id} displaced`),
} as unknown as AttemptEndings;
const driver = {
  name: 'rtx3060',
  snapshot: { refused: true },
  server: { readAnew: () => undefined },
} as unknown as CardDriver;
const attempt = (id: string, prefetched: boolean): Attempt =>
  Object.assign(new Attempt(), { id, promptId: id, prefetched, slot: prefetched ? 1 : 0 });

beforeEach(() => {
  ends = [];
  clock = new FixedClock();
});

it.each([
  ['one that ran is lost with its process', false, true, 'a lost, process gone'],
  ['one that was sent ahead and had begun is too', true, true, 'a lost, process gone'],
  ['one that was sent ahead and never began counts against nobody', true, false, 'a displaced'],
  ['one that was sent to an idle card and never began is lost', false, false, 'a lost'],
])('of prompts on a server that is away, %s', async (_, prefetched, ran, end) => {
  const vanished = new VanishedPrompts({} as JobOutputs, endings, clock, {} as Logger);
  const sighting = { reachable: false, unreachableMs: 40_000, place: 'nowhere', misses: 0 } as const;
  await vanished.settle('1', driver, attempt('a', prefetched), { ran } as LivePrompt, sighting);
  expect(ends).toEqual([end]);
});

it('fails the first prompt of a dead worker alone; what was sent behind it goes back in line', async () => {
  const health = { healthOf: () => ({ trouble: null }) } as unknown as CardHealthService;
  const workers = new DeadWorkers(health, endings, watchThresholds, clock);
  const queue: QueueBody = {
    queue_running: [],
    queue_pending: [
      [1, 'a', {}, {}, []],
      [2, 'b', {}, {}, []],
    ],
  };
  const look = () => workers.notice('1', driver, queue, [attempt('a', false), attempt('b', true)]);
  await look();
  expect(ends).toEqual([]);
  clock.advance(watchThresholds.zombieMs);
  await look();
  expect(ends).toEqual(['a failed', 'b displaced']);
});
