import { Metrics } from '@tower/kit';
import { FixedClock } from '@tower/testing';
import type { DataSource } from 'typeorm';
import type { CardDriver } from '../cards/card-driver';
import { Attempt, type AttemptProgress } from '../jobs/attempt.entity';
import { Job } from '../jobs/job.entity';
import { RenderingMetrics } from '../rendering.metrics';
import type { ProgressPublisher } from '../views/progress-publisher';
import { LivePrompts, type LivePrompt } from './live-prompts';

/** What a watched prompt is remembered by; nothing of it needs the database. */

const graph = {
  '1': { class_type: 'EmptyLatentImage', inputs: { width: 512, height: 512, batch_size: 1 } },
  '2': { class_type: 'KSampler', inputs: { steps: 10, latent_image: ['1', 0] as [string, number] } },
};
const driver = (connection: number | null): CardDriver =>
  ({ name: 'rtx3060', connection, restarts: { restarts: 0 } }) as unknown as CardDriver;

let clock: FixedClock;
let noted: AttemptProgress[];
let prompts: LivePrompts;
let entry: LivePrompt;

beforeEach(() => {
  clock = new FixedClock();
  noted = [];
  const progress = {
    note: (_job: string, _attempt: string, next: AttemptProgress) => void noted.push(next),
  } as unknown as ProgressPublisher;
  prompts = new LivePrompts({} as DataSource, progress, new RenderingMetrics(new Metrics('rendering')), clock);
  const attempt = Object.assign(new Attempt(), { id: 'a', jobId: 'j', gpu: 'rtx3060', promptId: 'p', progress: null });
  entry = prompts.register(
    driver(1),
    attempt,
    Object.assign(new Job(), { id: 'j', modelName: 'm.safetensors' }),
    graph,
  );
});

const hear = (type: string, data: object, connection = 1): void =>
  prompts.hear(driver(connection), { type, data: { prompt_id: 'p', ...data } });

it('tells how many prompts are before it in the queue of its card, and when it begins', () => {
  prompts.waits('p', 700);
  prompts.waits('p', 700);
  prompts.waits('p', 1);
  expect(noted.map(({ stage, ahead }) => [stage, ahead])).toEqual([
    ['Waiting in the queue of rtx3060: 700 prompts are before it', 700],
    ['Waiting in the queue of rtx3060: a prompt is before it', 1],
  ]);
  clock.advance(600_000);
  prompts.runs('p');
  expect(noted.at(-1)).toMatchObject({ stage: 'Sent to rtx3060', beganAt: clock.now().toISOString() });
  expect(noted.at(-1)).not.toHaveProperty('ahead');
});

it('does not count what it waited for as its own silence', () => {
  prompts.waits('p', 700);
  clock.advance(3_600_000);
  prompts.runs('p');
  expect(clock.monotonicMs() - entry.movedAtMs).toBe(0);
});

it('knows on which connection it was heard, and how long its steps took', () => {
  expect(entry.heardOn).toBeNull();
  hear('executing', { node: '2' });
  expect(entry).toMatchObject({ heardOn: 1, node: '2', ticked: false });
  clock.advance(60_000);
  hear('progress', { node: '2', value: 1, max: 10 });
  // The time before the first step was loading.
  expect(entry).toMatchObject({ ticked: true, longestStepMs: 0 });
  clock.advance(4_000);
  hear('progress', { node: '2', value: 2, max: 10 }, 2);
  expect(entry).toMatchObject({ heardOn: 2, longestStepMs: 4_000 });
  hear('executing', { node: '1' });
  expect(entry.ticked).toBe(false);
});

it('notes when each share was reached, and where the steps began', () => {
  hear('progress', { node: '2', value: 1, max: 10 });
  const first = clock.now().toISOString();
  expect(noted.at(-1)).toMatchObject({ reachedAt: first, firstStep: { percent: noted.at(-1)?.percent, at: first } });
  clock.advance(2_000);
  hear('progress', { node: '2', value: 2, max: 10 });
  expect(noted.at(-1)).toMatchObject({ reachedAt: clock.now().toISOString(), firstStep: { at: first } });
});
