import type { EntityManager } from 'typeorm';
import { wakeLeader } from '../leadership';
import type { RecoveryStep } from '../workflows/composition';
import { taskEnds } from './states';
import type { Task, WantedModel } from './task.entity';

// Every write of tasks that moves none; moves are those of `JobStore`. `stores.spec.ts` sees to it that there are no
// others.

/** A model file in a folder of a card. */
export type WantedFile = Pick<WantedModel, 'gpu' | 'folder' | 'name'>;
export type WaitingForFile = Pick<Task, 'id' | 'jobId'>;

const waitsForOne = "state = 'queued' and wants_model is not null";
const waitsForFile =
  `${waitsForOne} and wants_model->>'gpu' = $1 and wants_model->>'folder' = $2` + " and wants_model->>'name' = $3";
const parametersOf = ({ gpu, folder, name }: WantedFile): string[] => [gpu, folder, name];

/** Condition for tasks in line that are of the kind `$1`. */
export const ofKind = "state = 'queued' and not_before is null and not paused and wants_model is null and kind = $1";

/** The files that tasks wait for. */
export const wantedFiles = (tx: EntityManager): Promise<WantedFile[]> =>
  tx.query(
    `select distinct wants_model->>'gpu' as gpu, wants_model->>'folder' as folder, wants_model->>'name' as name
     from task where ${waitsForOne}`,
  );

export const waitingFor = (tx: EntityManager, file: WantedFile): Promise<WaitingForFile[]> =>
  tx.query(`select id, job_id as "jobId" from task where ${waitsForFile}`, parametersOf(file));

/** How far the download is that tasks wait for. */
export async function noteDownload(tx: EntityManager, wanted: WantedModel): Promise<void> {
  await tx.query(`update task set wants_model = $4 where ${waitsForFile}`, [
    ...parametersOf(wanted),
    JSON.stringify(wanted),
  ]);
}

/** The file is there: what waited for it is in line again. */
export async function endWaitFor(tx: EntityManager, file: WantedFile): Promise<void> {
  await tx.query(`update task set wants_model = null, not_before = null where ${waitsForFile}`, parametersOf(file));
  await wakeLeader(tx);
}

/**
 * Every task in line of a kind waits for a file from now on, and is of the kind `as`. The step's `afterAttempt` becomes
 * each task's own. Returns how many there are.
 */
export async function holdKind(
  tx: EntityManager,
  kind: string,
  change: { as: string; wantsModel: WantedModel; step: Omit<RecoveryStep, 'afterAttempt'>; until: Date },
): Promise<number> {
  const held: [unknown[], number] = await tx.query(
    `update task set wants_model = $2, not_before = $3, kind = $5,
       recovery = recovery || jsonb_build_array($4::jsonb || jsonb_build_object('afterAttempt', attempts))
     where ${ofKind}`,
    [kind, JSON.stringify(change.wantsModel), change.until, JSON.stringify(change.step), change.as],
  );
  return held[1];
}

/** The cards that failed the tasks in line of a kind may have them again; they are of the kind `as` then. */
export async function reopenKind(tx: EntityManager, kind: string, as: string): Promise<void> {
  await tx.query(`update task set excluded_gpus = '[]', kind = $2 where ${ofKind}`, [kind, as]);
  await wakeLeader(tx);
}

/** Tells the places of waiting tasks anew. */
export async function notePlaces(
  tx: EntityManager,
  places: readonly Pick<Task, 'id' | 'rank' | 'kind'>[],
): Promise<void> {
  await tx.query(
    `update task set rank = place.rank, kind = place.kind from unnest($1::uuid[], $2::smallint[],
      $3::text[]) as place (id, rank, kind) where task.id = place.id and task.state = 'queued'`,
    [places.map(({ id }) => id), places.map(({ rank }) => rank), places.map(({ kind }) => kind)],
  );
}

/** Tasks of a job that are not over get this rank, those too that are on a card: they may come back into line. */
export async function rerankTasks(tx: EntityManager, jobId: string, rank: number): Promise<void> {
  await tx.query('update task set rank = $2 where job_id = $1 and rank <> $2 and not (state = any($3))', [
    jobId,
    rank,
    taskEnds,
  ]);
  await wakeLeader(tx);
}

/** Takes the tasks of a job that are not over out of line, or back; those too that are on a card. */
export async function pauseTasks(tx: EntityManager, jobId: string, paused: boolean): Promise<void> {
  await tx.query('update task set paused = $2 where job_id = $1 and paused <> $2 and not (state = any($3))', [
    jobId,
    paused,
    taskEnds,
  ]);
  await wakeLeader(tx);
}

/** Puts tasks whose time has come back in line, so that the queue's own order finds them. Resolves to how many. */
export async function endHolds(tx: EntityManager): Promise<number> {
  const [, count]: [unknown, number] = await tx.query(
    `update task set not_before = null where id in (select t.id from task t where t.state = 'queued'
      and t.not_before is not null and t.not_before <= now() order by t.not_before limit 500)`,
  );
  return count;
}

const heldLonger =
  "state = 'queued' and not_before > clock_timestamp() + make_interval(secs => $1) and wants_model is null";

/** Whether a task is held for longer than so many seconds from now; one that waits for a file is none of these. */
export async function isAnyHeldLonger(tx: EntityManager, seconds: number): Promise<boolean> {
  const found: unknown[] = await tx.query(`select 1 from task where ${heldLonger} limit 1`, [seconds]);
  return found.length > 0;
}

/** Puts these back in line. */
export async function endHoldsLonger(tx: EntityManager, seconds: number): Promise<void> {
  await tx.query(`update task set not_before = null where ${heldLonger}`, [seconds]);
  await wakeLeader(tx);
}
