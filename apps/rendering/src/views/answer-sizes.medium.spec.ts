// Real: PostgreSQL with the largest jobs that the interface lets anybody make. No answer is larger than one may be,
// and pages leave nothing out.
import { join } from 'node:path';
import { maxAnswerBytes, maxSeed, type Page } from '@tower/contracts';
import { databaseFor } from '@tower/db';
import { createLogger, Metrics, newId, repositoryRoot, systemClock } from '@tower/kit';
import { DiskWatch } from '@tower/library';
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { Attempt } from '../jobs/attempt.entity';
import { GenerationParams } from '../jobs/generation-params.entity';
import { JobEvent } from '../jobs/job-event.entity';
import { Job } from '../jobs/job.entity';
import { Task } from '../jobs/task.entity';
import { MemoryStore } from '../planning/memory/memory-store';
import { SnapshotReader } from '../planning/snapshot-reader';
import { renderingEntities } from '../rendering.module';
import { Catalogue } from '../workflows/catalogue';
import { JobsReader } from './jobs.reader';

const prompt = '夜行列車'.repeat(1_000);
const now = new Date('2026-03-01T12:00:00Z');
const longError = { code: 'comfyui_failed', message: '誤'.repeat(2_000), hint: '示'.repeat(1_000) };

let database: TestDatabase;
let db: DataSource;
let reader: JobsReader;

beforeAll(async () => {
  database = await createTestDatabase('rendering');
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: renderingEntities,
  }).initialize();
  const workflows = await Catalogue.read(join(repositoryRoot, 'workflows'));
  const disks = new DiskWatch([], 0, new Metrics('rendering'), systemClock, createLogger('test', 'silent'));
  const snapshots = new SnapshotReader(db, workflows, new MemoryStore(systemClock), disks, systemClock);
  reader = new JobsReader(db, snapshots, systemClock);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const aJob = (): Partial<Job> => ({
  id: newId(),
  projectId: newId(),
  projectSlug: 'night',
  characterIds: [],
  jobType: 'still_image',
  workflow: 'still',
  workflowVersion: 1,
  preset: 'standard',
  priority: 'normal',
  rank: 2,
  state: 'failed',
  prompt,
  negativePrompt: prompt,
  fullPrompt: prompt,
  fullNegativePrompt: prompt,
  modelName: 'm',
  width: 64,
  height: 64,
  steps: 1,
  cfgScale: 1,
  samplerName: 'euler',
  scheduler: 'normal',
  frames: 1,
  fps: null,
  parameters: { prompt, negative_prompt: prompt },
  seed: maxSeed - 64,
  count: 64,
  autoQualityCheck: true,
  maxRegenerations: 10,
  seq: 0,
  error: longError,
  correlationId: newId(),
  createdAt: now,
  queuedAt: now,
  startedAt: now,
  renderedAt: now,
  endedAt: now,
});

const attemptsPerTask = 11;
const scores = Array.from({ length: 15 }, (_, index) => ({
  state: 'computed' as const,
  metric: `metric_number_${index}`,
  value: 0.123456789,
  threshold: 0.5,
  passed: false,
}));

/** 64 pictures, each regenerated ten times, each attempt with an error that is pages long. */
async function writeLargestJob(): Promise<string> {
  const job = aJob() as Job;
  await db.manager.insert(Job, job);
  const step = {
    step: 'other_card',
    because: 'failing_node',
    afterAttempt: 1,
    gpu: 'rtx3060',
    detail: '変'.repeat(500),
    at: now.toISOString(),
  };
  const tasks = Array.from({ length: 64 }, (_, idx) => ({
    id: newId(),
    jobId: job.id,
    idx,
    state: 'failed' as const,
    seed: idx,
    attempts: attemptsPerTask,
    losses: 0,
    regenerations: 10,
    excludedGpus: [],
    notBefore: null,
    error: longError,
    createdAt: now,
    recovery: Array.from({ length: 24 }, () => step),
  }));
  await db.manager.insert(Task, tasks as unknown as Task[]);
  for (const task of tasks) {
    const attempts = Array.from({ length: attemptsPerTask }, (_, index) => ({
      id: newId(),
      taskId: task.id,
      jobId: job.id,
      n: index + 1,
      gpu: 'rtx3060',
      promptId: newId(),
      state: 'failed' as const,
      seed: 1,
      fence: '1',
      dispatchedAt: new Date(now.getTime() + index),
      postDeadline: now,
      startedAt: now,
      endedAt: now,
      seconds: 1,
      outcome: 'failed',
      error: longError,
      scores,
      recovery: step,
    }));
    await db.manager.insert(Attempt, attempts as unknown as Attempt[]);
    await db.manager.insert(
      GenerationParams,
      attempts.map(({ id }) => ({
        attemptId: id,
        jobId: job.id,
        graph: { '1': { inputs: { text: prompt } } },
        graphSha256: '0'.repeat(64),
        parameters: { prompt },
        workflow: 'still',
        workflowVersion: 1,
        recordedAt: now,
      })),
    );
  }
  return job.id;
}

const bytesOf = (answer: unknown): number => Buffer.byteLength(JSON.stringify(answer));

async function walk<Item>(read: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await read(cursor);
    expect(bytesOf(page)).toBeLessThanOrEqual(maxAnswerBytes);
    expect(page.items.length).toBeGreaterThan(0);
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

it('lists 200 jobs with the longest prompts, each cut and marked', async () => {
  await db.manager.insert(Job, Array.from({ length: 200 }, aJob) as Job[]);
  const listed = await walk((cursor) => reader.list({ limit: 200, cursor }));
  expect(new Set(listed.map((job) => job.id)).size).toBe(200);
  expect(listed[0]).toMatchObject({ prompt_cut: true, prompt: `${prompt.slice(0, 199)}…` });
});

it('answers the largest job and all pages of its attempts', async () => {
  const id = await writeLargestJob();
  const job = await reader.get(id);
  expect(bytesOf(job)).toBeLessThanOrEqual(maxAnswerBytes);
  expect(job.tasks).toHaveLength(64);
  for (const task of job.tasks) {
    expect(task.attempts_total).toBe(attemptsPerTask);
    expect(task.attempts.at(-1)?.n).toBe(attemptsPerTask);
  }
  const params = await walk((cursor) => reader.params({ id, limit: 200, cursor }));
  expect(params).toHaveLength(64 * attemptsPerTask);
  expect(new Set(params.map((entry) => entry.attempt_id)).size).toBe(params.length);
});

it('pages events by their number', async () => {
  const job = aJob() as Job;
  await db.manager.insert(Job, job);
  await db.manager.insert(
    JobEvent,
    Array.from({ length: 300 }, (_, index) => ({
      jobId: job.id,
      seq: index + 1,
      type: 'x',
      at: now,
      data: { reason: '理'.repeat(2_000) },
    })),
  );
  const seen: number[] = [];
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: Awaited<ReturnType<JobsReader['events']>> = await reader.events({ id: job.id, after, limit: 1_000 });
    expect(bytesOf(page)).toBeLessThanOrEqual(maxAnswerBytes);
    seen.push(...page.items.map((event) => event.seq));
    after = page.next_after;
  }
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
});
