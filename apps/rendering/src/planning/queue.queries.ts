import type { EntityManager } from 'typeorm';
import type { Gpu } from '../cards/card.entity';
import { readInventories } from '../cards/inventory-cache';
import { Attempt } from '../jobs/attempt.entity';
import { rankOf } from '../jobs/queue-place';
import { Job } from '../jobs/job.entity';
import { liveAttemptStates } from '../jobs/states';
import { Task } from '../jobs/task.entity';
import type { ParameterValues, Parts, Changes, RecoveryStep } from '../workflows/composition';
import type { Work } from './estimates/estimate';
import type { WorkSize } from './work-size';

/** A waiting task with the size that its job was promised. */
export interface WaitingRow extends WorkSize {
  task_id: string;
  job_id: string;
  workflow: string;
  model_name: string;
  excluded_gpus: string[];
  plan?: Changes;
  recovery?: RecoveryStep[];
  parameters?: ParameterValues | null;
  parts?: Parts | null;
  rank: number;
  /** What decides which cards can take it; see `queue-place.ts`. */
  kind: string;
  /** When its job should be ready; null where nobody said. */
  deadline_at?: Date | null;
  /** The only card that may take it; null where any may. */
  only_gpu?: string | null;
  /** It measures its card. */
  calibration?: boolean;
  cfg_scale?: number | null;
}

/** Where a task stands: the order of the queue is rank, then age, then job, then number within the job. */
export interface PlaceInLine {
  rank: number;
  created_at: Date;
  job_id: string;
  idx: number;
}

const isReady = `t.state = 'queued' and t.not_before is null and not t.paused`;
const inOrder = 't.rank, t.created_at, t.job_id, t.idx';
const columns =
  't.id as task_id, t.job_id, t.idx, t.kind, t.rank, t.created_at, t.excluded_gpus, t.plan, t.recovery, ' +
  'j.workflow, j.model_name, j.width, j.height, j.steps, j.frames, j.cfg_scale, j.deadline_at, ' +
  'j.only_gpu, j.calibration';

/**
 * The tasks that are served next, in their order; with what all of their jobs ask for, or, because that is large, with
 * the parameters of those only that recovery changed.
 */
export function firstInLine(
  tx: EntityManager,
  limit: number,
  asked: 'all' | 'changed',
): Promise<(WaitingRow & PlaceInLine)[]> {
  const parameters =
    asked === 'all' ? 'j.parameters, j.parts' : `case when t.plan->'steps' <> '[]' then j.parameters end as parameters`;
  return tx.query(
    `select ${columns}, ${parameters}
     from (select * from task t where ${isReady} order by ${inOrder} limit $1) t join job j
       on j.id = t.job_id order by ${inOrder}`,
    [limit],
  );
}

/** A task in line and its job, whole. */
export interface FirstTask {
  task: Task;
  job: Job;
}

/** The tasks that are served next, with their jobs, in their order. */
export async function firstTasks(tx: EntityManager, limit: number): Promise<FirstTask[]> {
  const tasks = (await tx
    .createQueryBuilder(Task, 't')
    .innerJoinAndMapOne('t.job', Job, 'j', 'j.id = t.jobId')
    .where(`t.state = 'queued' and t.notBefore is null and not t.paused`)
    .orderBy({ 't.rank': 'ASC', 't.createdAt': 'ASC', 't.jobId': 'ASC', 't.idx': 'ASC' })
    .limit(limit)
    .getMany()) as (Task & { job?: Job })[];
  return tasks.flatMap(({ job, ...task }) => (job ? [{ task: Object.assign(new Task(), task), job }] : []));
}

/**
 * The oldest tasks of each kind, in the order of the queue: whatever its depth, no card that fits any task is
 * overlooked. With `atMostKinds` only so many kinds, in no order that means anything. `between` and the order by kind
 * first: with `=` the planner may walk the whole queue in its order, past
 * everything of other kinds.
 */
export function oldestOfEachKind(
  tx: EntityManager,
  perKind: number,
  atMostKinds = 1_000_000,
): Promise<(WaitingRow & PlaceInLine)[]> {
  return tx.query(
    `with recursive kind (name, nth) as (
       (select t.kind, 1 from task t where ${isReady} order by t.kind limit 1)
       union all
       select (select t.kind from task t where ${isReady} and t.kind > kind.name order by t.kind limit 1), nth + 1
         from kind where kind.name is not null and nth < $2)
     select ${columns}, j.parameters, j.parts
     from kind cross join lateral (select * from task t where ${isReady} and t.kind between kind.name and kind.name
       order by t.kind, ${inOrder} limit $1) t join job j on j.id = t.job_id
     where kind.name is not null
     order by ${inOrder}`,
    [perKind, atMostKinds],
  );
}

/** The oldest tasks of each rank: what has waited longest comes into question however deep its rank stands. */
export function oldestOfEachRank(tx: EntityManager, perRank: number): Promise<(WaitingRow & PlaceInLine)[]> {
  return tx.query(
    `select ${columns}, j.parameters, j.parts
     from unnest($1::smallint[]) as ranks (rank) cross join lateral (select * from task t where ${isReady}
       and t.rank = ranks.rank order by ${inOrder} limit $2) t join job j on j.id = t.job_id
     order by ${inOrder}`,
    [Object.values(rankOf), perRank],
  );
}

/** Tasks of the jobs whose deadlines come first. */
export function soonestDeadlines(tx: EntityManager, limit: number): Promise<(WaitingRow & PlaceInLine)[]> {
  return tx.query(
    `select ${columns}, j.parameters, j.parts
     from (select * from job where deadline_at is not null and ended_at is null order by deadline_at limit $1) j
       cross join lateral (select * from task t where t.job_id = j.id and ${isReady} limit $1) t
     order by j.deadline_at limit $1`,
    [limit],
  );
}

/** The first tasks in line of each of these jobs. */
export async function tasksOfJobs(
  tx: EntityManager,
  jobIds: readonly string[],
  perJob: number,
): Promise<(WaitingRow & PlaceInLine)[]> {
  if (jobIds.length === 0) return [];
  return tx.query(
    `select ${columns}, j.parameters, j.parts
     from job j cross join lateral (select * from task t where t.job_id = j.id and ${isReady} order by t.idx limit $2) t
     where j.id = any($1) order by ${inOrder}`,
    [jobIds, perJob],
  );
}

/** A task that was sent to a card while that worked on something else. */
export type SentAheadRow = WaitingRow & PlaceInLine & { paused: boolean };

/** These tasks, whether or not they wait. */
export async function tasksSentAhead(tx: EntityManager, taskIds: readonly string[]): Promise<SentAheadRow[]> {
  if (taskIds.length === 0) return [];
  return tx.query(
    `select ${columns}, t.paused, j.parameters, j.parts from task t join job j on j.id = t.job_id
     where t.id = any($1) order by ${inOrder}`,
    [taskIds],
  );
}

/** What the jobs of these tasks ask for. */
export function askedBy(
  tx: EntityManager,
  taskIds: readonly string[],
): Promise<{ task_id: string; parameters: ParameterValues; parts: Parts }[]> {
  return tx.query(
    'select t.id as task_id, j.parameters, j.parts from task t join job j on j.id = t.job_id where t.id = any($1)',
    [taskIds],
  );
}

/**
 * The first of every `step` waiting tasks, in order: from these, places deep in the line are told without counting
 * from its head.
 */
export function marksInLine(tx: EntityManager, step: number): Promise<PlaceInLine[]> {
  return tx.query(
    `select rank, created_at, job_id, idx from (select ${inOrder},
      row_number() over (order by ${inOrder}) as place from task t where ${isReady}) line
      where place % $1 = 1 order by place`,
    [step],
  );
}

/** How many tasks wait from each `from` on and before its `to`; in the order given. */
export async function countBetween(
  tx: EntityManager,
  spans: readonly { from: PlaceInLine; to: PlaceInLine }[],
): Promise<number[]> {
  const places = (side: 'from' | 'to'): unknown[] =>
    (['rank', 'created_at', 'job_id', 'idx'] as const).map((column) => spans.map((span) => span[side][column]));
  const rows: { count: number }[] = await tx.query(
    `select (select count(*) from task t where ${isReady} and (${inOrder}) >= (a.rank, a.created_at, a.job_id,
      a.idx) and (${inOrder}) < (b_rank, b_created_at, b_job_id, b_idx))::int as count
     from unnest($1::smallint[], $2::timestamptz[], $3::uuid[], $4::int[], $5::smallint[], $6::timestamptz[],
       $7::uuid[], $8::int[])
       with ordinality a (rank, created_at, job_id, idx, b_rank, b_created_at, b_job_id, b_idx, nth) order by nth`,
    [...places('from'), ...places('to')],
  );
  return rows.map((row) => row.count);
}

/** Tasks that wait, those that are held back or paused among them; counted no further than `atMost`. */
export async function countWaiting(tx: EntityManager, atMost: number): Promise<number> {
  const [row]: { count: number }[] = await tx.query(
    `select (select count(*) from (select from task t where ${isReady} limit $1) ready)::int
          + (select count(*) from (select from task t where t.state = 'queued' and t.not_before is not null
            limit $1) held)::int
          + (select count(*) from (select from task t where t.state = 'queued' and t.not_before is null and t.paused
            limit $1) paused)::int as count`,
    [atMost],
  );
  return row?.count ?? 0;
}

export function configuredGpus(tx: EntityManager): Promise<Gpu[]> {
  return readInventories(tx, { configured: true });
}

/** What each card works on before what is behind that. */
export function liveAttempts(tx: EntityManager): Promise<Attempt[]> {
  return tx
    .createQueryBuilder(Attempt, 'attempt')
    .where('attempt.state in (:...states)', { states: liveAttemptStates })
    .orderBy('attempt.slot')
    .getMany();
}

/** What the live attempts work on, as far as time depends on it. */
export function liveWorks(tx: EntityManager): Promise<(Work & { attempt_id: string })[]> {
  return tx.query(
    'select a.id as attempt_id, j.workflow, j.model_name as "modelName", j.width, j.height, j.frames, j.steps, ' +
      'j.cfg_scale as "cfgScale", a.plan from attempt a join ' +
      'job j on j.id = a.job_id where a.state = any($1)',
    [[...liveAttemptStates]],
  );
}

/** What a card was given lately. */
export interface LatestAttempt {
  id: string;
  gpu: string;
  /** Keys of the model files that it needs, and those of them that the card had to load. */
  models: readonly string[];
  missing: readonly string[];
  /** Its task's place in line. */
  rank: number;
  created_at: Date;
}

/** The last attempts of each configured card, newest first. */
export function latestAttempts(tx: EntityManager, perCard: number): Promise<LatestAttempt[]> {
  return tx.query(
    `select a.id, a.gpu, a.models, a.missing, t.rank, t.created_at
     from gpu cross join lateral (select * from attempt where attempt.gpu = gpu.name
       order by attempt.dispatched_at desc limit $1) a join task t on t.id = a.task_id
     where gpu.configured order by a.gpu, a.dispatched_at desc`,
    [perCard],
  );
}
