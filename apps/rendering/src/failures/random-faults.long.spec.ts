import { setTimeout as sleep } from 'node:timers/promises';
import { isOver, jobEndTypes } from '@tower/contracts';
import { createTestDatabase, startTestNats, waitFor, type TestNats, type SimProcess } from '@tower/testing';
import { FaultBench } from '../../harness/fault-bench';
import { Artifact } from '../jobs/artifact.entity';
import { Attempt } from '../jobs/attempt.entity';
import { Job } from '../jobs/job.entity';

/**
 * Two hundred jobs on two cards that fail by chance, always in the same ways for the same seed. Real: PostgreSQL, NATS,
 * HTTP, the cards as processes.
 */

const jobs = 200;
/** What a client, or somebody who restarts a server, can get over; those that only cost time are left out. */
const kinds = [
  'crash',
  'oom',
  'poison',
  'hang',
  'hang-interruptible',
  'zombie-worker',
  'blocker',
  'black-image',
  'empty-file',
  'truncated-file',
  'drop-socket',
  'deaf-socket',
  'dead-socket',
  'steal-client-id',
  'reply-lost',
  'accepted-500',
  'evict-history',
  'clear-history',
  'clear-queue',
  'human-interrupt',
  'block-loop',
  'download-failed',
  'duplicate-progress',
  'progress-reset',
  'unknown-messages',
].join(',');

let nats: TestNats;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
  bench = await FaultBench.open(
    { natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor },
    { timeScale: 0.01, limits: { patience: 0.015 }, prefetchSeconds: 3_600 },
  );
});
afterAll(async () => {
  await bench.close();
  await nats.close();
});

/** Plays the service manager: starts a card that crashed, and restarts one that Tower says needs it. */
async function supervise(card: SimProcess, seed: number, signal: AbortSignal): Promise<void> {
  let restartedFor = '';
  for (let boot = 0; !signal.aborted;) {
    if (!card.isRunning()) {
      await card.start();
      await card.fault(`random:${seed + 100 * ++boot}:${kinds}=0.15`);
    } else {
      const { trouble } = (await bench.gpu(card)).health;
      // Once for each: Tower takes a moment to see that the server is a new one.
      if (trouble?.kind === 'needs_restart' && trouble.since !== restartedFor) {
        restartedFor = trouble.since;
        await card.kill();
      }
    }
    await sleep(100);
  }
}

/** By the card's own log: most prompts that ever ran at once, and how often each prompt succeeded. */
function historyOf(card: SimProcess): { atOnce: number; successes: Map<string, number> } {
  let running = 0;
  let atOnce = 0;
  const successes = new Map<string, number>();
  for (const line of card.executed()) {
    if (line.event === 'boot') running = 0;
    if (line.event === 'start') atOnce = Math.max(atOnce, ++running);
    if (line.event === 'end') running -= 1;
    if (line.event === 'end' && line.outcome === 'success')
      successes.set(line.prompt_id ?? '', (successes.get(line.prompt_id ?? '') ?? 0) + 1);
  }
  return { atOnce, successes };
}

it(`${jobs} jobs with faults by chance each end once, and at least 95 % of them well`, async () => {
  const cards = [bench.small, bench.big];
  await Promise.all(cards.map((card, index) => card.fault(`random:${index + 1}:${kinds}=0.15`)));
  const ended = new AbortController();
  const supervision = cards.map((card, index) => supervise(card, index + 1, ended.signal));
  const ids: string[] = [];
  for (let seed = 1; seed <= jobs; seed++) ids.push(await bench.request({ seed }));
  const { manager } = bench.harness.db;
  await waitFor(async () => (await manager.find(Job)).every((job) => isOver(job.state)), {
    timeoutMs: 660_000,
    describe: 'every job to end',
  });
  ended.abort();
  await Promise.all(supervision);

  const states = (await manager.find(Job)).filter((job) => ids.includes(job.id)).map((job) => job.state);
  expect(states).toHaveLength(jobs);
  const completed = states.filter((state) => state === 'completed').length;
  expect(completed).toBeGreaterThanOrEqual(jobs * 0.95);

  const endings = (await manager.query(
    'select job_id, count(*)::int as n from job_event where type = any($1) group by job_id',
    [jobEndTypes],
  )) as { job_id: string; n: number }[];
  expect(endings).toHaveLength(jobs);
  expect(endings.filter(({ n }) => n !== 1)).toEqual([]);

  // One result per finished job, from one attempt, whatever was rendered in vain.
  const artifacts = await manager.find(Artifact);
  expect(new Set(artifacts.map((artifact) => artifact.jobId)).size).toBe(completed);
  expect(artifacts).toHaveLength(completed);
  const histories = cards.map(historyOf);
  for (const { atOnce, successes } of histories) {
    expect(atOnce).toBe(1);
    expect([...successes.values()].filter((count) => count > 1)).toEqual([]);
  }
  const attempts = await manager.find(Attempt);
  expect(attempts.filter((attempt) => !['succeeded', 'failed', 'lost'].includes(attempt.state))).toEqual([]);
  // The faults did strike.
  expect(attempts.filter((attempt) => attempt.state !== 'succeeded').length).toBeGreaterThan(jobs * 0.05);
}, 720_000);
