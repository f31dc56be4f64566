import type { EntityManager } from 'typeorm';
import type { ParameterValues, Parts, Plan } from '../workflows/composition';
import type { Workflow } from '../workflows/workflow-file';

/** Waiting tasks that need the same of a card: what tells them apart is no file, node or size. */
export interface WaitingKind {
  workflow: string;
  /** Without texts and seed. */
  parameters: ParameterValues;
  parts: Parts;
  plan: Plan;
  excludedGpus: string[];
}

/** Kinds that are looked at; a queue of more is a sweep over numbers, whose first kinds speak for the rest. */
const maxKinds = 500;

const isKind = 'j.workflow = $1 and j.parameters - $2::text[] = $3::jsonb and j.parts = $4::jsonb and t.plan = $5::jsonb and t.excluded_gpus = $6::jsonb';
const parametersOf = (kind: WaitingKind, without: readonly string[]): unknown[] =>
  [kind.workflow, without, JSON.stringify(kind.parameters), JSON.stringify(kind.parts), JSON.stringify(kind.plan), JSON.stringify(kind.excludedGpus)];

/** Parameters that no card is chosen by: texts, and the seed. */
export function wordsAmong(workflows: readonly Workflow[]): string[] {
  const types = workflows.flatMap(({ file }) => Object.entries(file.parameters).map(([name, { type }]) => [name, name === 'seed' ? 'text' : type] as const));
  const others = new Set(types.flatMap(([name, type]) => (type === 'text' ? [] : [name])));
  return [...new Set(types.flatMap(([name, type]) => (type === 'text' && !others.has(name) ? [name] : [])))];
}

/** The kinds of work that wait for a card, and not for a download; those that waited longest first. */
export function waitingKinds(tx: EntityManager, words: readonly string[]): Promise<WaitingKind[]> {
  return tx.query(
    `select j.workflow, j.parameters - $1::text[] as parameters, j.parts, t.plan, t.excluded_gpus as "excludedGpus"
     from task t join job j on j.id = t.job_id where t.state = 'queued' and t.wants_model is null
     group by 1, 2, 3, 4, 5 order by min(t.created_at) limit $2`,
    [words, maxKinds],
  );
}

/** Some of the waiting tasks of a kind. */
export function tasksOfKind(tx: EntityManager, kind: WaitingKind, words: readonly string[], limit: number): Promise<{ id: string; jobId: string }[]> {
  return tx.query(`select t.id, t.job_id as "jobId" from task t join job j on j.id = t.job_id where t.state = 'queued' and t.wants_model is null and ${isKind} order by t.created_at limit $7`, [...parametersOf(kind, words), limit]);
}

/** Every waiting task of a kind waits for a file from now on. The step's `afterAttempt` becomes each task's own. Returns how many there are. */
export async function holdKind(tx: EntityManager, kind: WaitingKind, words: readonly string[], change: { wantsModel: object; step: object; until: Date }): Promise<number> {
  const held: [unknown[], number] = await tx.query(
    `update task set wants_model = $7, not_before = $8, recovery = recovery || jsonb_build_array($9::jsonb || jsonb_build_object('afterAttempt', attempts))
     where state = 'queued' and wants_model is null and id in (select t.id from task t join job j on j.id = t.job_id where t.state = 'queued' and ${isKind})`,
    [...parametersOf(kind, words), JSON.stringify(change.wantsModel), change.until, JSON.stringify(change.step)],
  );
  return held[1];
}

/** The cards that failed the waiting tasks of a kind may have them again. */
export async function reopenKind(tx: EntityManager, kind: WaitingKind, words: readonly string[]): Promise<void> {
  await tx.query(`update task set excluded_gpus = '[]', state = state where state = 'queued' and id in (select t.id from task t join job j on j.id = t.job_id where t.state = 'queued' and ${isKind})`, parametersOf(kind, words));
}
