import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobEndTypes, routes, type JobView } from '@tower/contracts';
import type { ApiClient } from '../apps/cli/src/api-client';
import type { ExecutionLogEntry } from '../apps/comfy-sim/src/execution-log';

/** One picture per task, whole and where it is said to be; one end; events without a gap. */
export async function expectJobWhole(api: ApiClient, library: string, id: string): Promise<JobView> {
  const job = await api.call(routes.getJob, { params: { id } });
  expect(job).toMatchObject({ status: 'completed', error: null, images_complete: job.count });

  const { items: artifacts } = await api.call(routes.listJobArtifacts, { params: { id }, query: { limit: 200 } });
  expect(artifacts.filter((artifact) => artifact.best)).toHaveLength(job.count);
  expect(new Set(artifacts.map((artifact) => artifact.attempt_id)).size).toBe(artifacts.length);
  for (const artifact of artifacts) {
    const bytes = readFileSync(join(library, artifact.path));
    expect(bytes.length).toBe(artifact.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(artifact.sha256);
  }

  const { items: events } = await api.call(routes.listJobEvents, { params: { id }, query: { limit: 1000 } });
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter((event) => jobEndTypes.includes(event.type)).map((event) => event.type)).toEqual([
    expect.stringContaining('job_completed'),
  ]);
  expect(jobEndTypes).toContain(events.at(-1)?.type);
  return job;
}

/**
 * A library that holds nothing but these jobs' work has a picture and a sidecar for every artifact, and nothing half or
 * twice.
 */
export async function expectNoStrayFiles(api: ApiClient, library: string, jobs: readonly JobView[]): Promise<void> {
  const known: string[] = [];
  for (const job of jobs)
    known.push(
      ...(await api.call(routes.listJobArtifacts, { params: { id: job.id }, query: { limit: 200 } })).items.map(
        (artifact) => artifact.path,
      ),
    );
  // Names with a dot in front are Tower's own: downloads under way, thumbnails.
  const files = existsSync(library)
    ? readdirSync(library, { recursive: true, encoding: 'utf8' }).filter(
        (name) => !name.startsWith('.') && /\.\w+$/.test(name),
      )
    : [];
  expect(files.sort()).toEqual(known.flatMap((path) => [path, path.replace(/\.\w+$/, '.json')]).sort());
}

/**
 * From the cards' own records, which know nothing of Tower: no card ran two prompts at once or had more than one behind
 * the one that ran, and no task was rendered to the end twice unless its first picture was rejected.
 */
export function expectCardsNeverShared(
  cards: Readonly<Record<string, readonly ExecutionLogEntry[]>>,
  jobs: readonly JobView[],
): void {
  const taskOf = new Map(
    jobs.flatMap((job) =>
      job.tasks.flatMap((task) => task.attempts.map((attempt) => [attempt.prompt_id, task.id] as const)),
    ),
  );
  const rejected = new Set(
    jobs.flatMap((job) =>
      job.tasks.flatMap((task) =>
        task.attempts.filter((attempt) => attempt.verdict === 'failed').map((attempt) => attempt.prompt_id),
      ),
    ),
  );
  const doneTasks: string[] = [];
  for (const [card, entries] of Object.entries(cards)) {
    let running: string | undefined;
    const overlaps: string[] = [];
    for (const entry of entries) {
      // A prompt that died with its server never ends.
      if (entry.event === 'boot') running = undefined;
      if (entry.event === 'start') {
        if (running !== undefined) overlaps.push(`${entry.prompt_id} started on ${card} while ${running} ran`);
        running = entry.prompt_id;
        expect(entry.duplicates ?? 0).toBe(0);
      }
      if (entry.event === 'end') {
        running = undefined;
        const task = taskOf.get(entry.prompt_id);
        // Whatever ran on the card is an attempt that Tower knows.
        expect({ prompt: entry.prompt_id, task }).toEqual({
          prompt: entry.prompt_id,
          task: expect.any(String) as string,
        });
        if (entry.outcome === 'success' && task !== undefined && !rejected.has(entry.prompt_id)) doneTasks.push(task);
      }
    }
    expect(overlaps).toEqual([]);
    expectOneWaitingBehindOurs(card, entries);
  }
  expect(doneTasks.filter((task, index) => doneTasks.indexOf(task) !== index)).toEqual([]);
}

/**
 * ComfyUI works off one prompt after the other, so more of ours than one that runs and one that is next show as one
 * accepted while two others have not ended.
 */
function expectOneWaitingBehindOurs(card: string, entries: readonly ExecutionLogEntry[]): void {
  const held = new Set<string>();
  for (const entry of entries) {
    if (entry.event === 'boot') held.clear();
    if (entry.event === 'accepted') {
      const facts = { card, accepted: entry.prompt_id, others: [...held] };
      expect(facts).toEqual({ ...facts, others: facts.others.slice(0, 1) });
      held.add(entry.prompt_id);
    }
    if (entry.event === 'end' || entry.event === 'removed') held.delete(entry.prompt_id);
  }
}
