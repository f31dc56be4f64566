import { sizeText } from '@tower/kit';
import type { Job } from '../jobs/job.entity';
import type { Task, WantedModel } from '../jobs/task.entity';
import { standstillText } from '../cards/card';
import { ineligibility } from '../planning/eligibility';
import { whyWaiting, type Ahead } from '../planning/explain';
import type { PlaceInLine } from '../planning/queue.queries';
import type { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import type { JobRows } from './job-view';

/** Held back for a while, by a loss or a download. */
export const isHeld = (task: Task, now: Date): boolean => task.notBefore !== null && task.notBefore > now;

/**
 * The task of a job that the plan starts next; of those that it does not have, the first. Held ones come after those that
 * are not.
 */
export function nextInLine({ tasks }: Pick<JobRows, 'tasks'>, snapshot: Snapshot, now: Date): Task | undefined {
  const queued = tasks.filter((task) => task.state === 'queued');
  const open = queued.filter((task) => !isHeld(task, now));
  const starts = open.map(({ id }) => snapshot.spanOf(id)?.startIn ?? Infinity);
  return open[starts.indexOf(Math.min(...starts))] ?? queued[0];
}

export const placeInLine = (job: Job, task: Task): PlaceInLine => ({
  rank: task.rank,
  created_at: task.createdAt,
  job_id: job.id,
  idx: task.idx,
});

/**
 * How many tasks are served before this one; undefined where that is not known, as for one that is held back or paused.
 */
export function placeOf({ before }: Pick<JobRows, 'before'>, task: Task, snapshot: Snapshot): Ahead | undefined {
  if (task.paused) return undefined;
  const place = snapshot.placeOf(task.id);
  if (place !== undefined) return { ...place, about: false };
  const further = before?.get(task.id);
  return further === undefined ? undefined : { count: further, about: true };
}

/** The task as the cards see it; undefined when its template is gone. */
export const waitingTask = (job: Job, task: Task, snapshot: Snapshot): WaitingTask | undefined =>
  snapshot.knows(job.workflow)
    ? snapshot.see({
        task_id: task.id,
        job_id: job.id,
        workflow: job.workflow,
        model_name: job.modelName,
        cfg_scale: job.cfgScale,
        width: job.width,
        height: job.height,
        steps: job.steps,
        frames: job.frames,
        excluded_gpus: task.excludedGpus,
        plan: task.plan,
        recovery: task.recovery,
        parameters: job.parameters,
        ...(snapshot.knowsKind(task.kind) ? {} : { parts: job.parts }),
        rank: task.rank,
        kind: task.kind,
        only_gpu: job.onlyGpu,
        calibration: job.calibration,
      })
    : undefined;

/** Why a job has nothing on a card, in a sentence. */
export function waitingStage(rows: JobRows, task: Task, snapshot: Snapshot, now: Date): string {
  if (rows.job.paused) return `Paused by ${standstillText(rows.job.paused)}`;
  if (task.wantsModel) return downloadStage(task.wantsModel);
  if (snapshot.pause !== undefined) return `Waiting: ${snapshot.pause}`;
  if (isHeld(task, now)) {
    const seconds = Math.ceil(((task.notBefore?.getTime() ?? 0) - now.getTime()) / 1000);
    const last = task.recovery.at(-1);
    const why =
      last?.because === 'missing_model'
        ? `${last.detail} (${task.error?.message ?? 'a file is missing'})`
        : 'the card lost it';
    return `Waiting: ${why}; tries again in ${seconds} s`;
  }
  const entry = waitingTask(rows.job, task, snapshot);
  if (!entry) return `Waiting: workflow ${rows.job.workflow} is no longer among the templates`;
  const ahead = placeOf(rows, task, snapshot);
  // Of a job that is under way this is the moment between two of its attempts.
  const next =
    rows.job.state === 'processing' && ahead?.count === 0
      ? snapshot.cards.find(
          (card) => card.isIdle && card.name === (ahead.gpu ?? card.name) && ineligibility(card, entry) === undefined,
        )
      : undefined;
  return next
    ? `Going on with picture ${task.idx + 1} of ${rows.job.count} on ${next.name}`
    : whyWaiting(snapshot.cards, entry, ahead);
}

const downloadStage = ({ gpu, name, receivedBytes, totalBytes }: WantedModel): string =>
  `Downloading ${name} to ${gpu}: ` +
  `${sizeText(receivedBytes)}${totalBytes === null ? '' : ` of ${sizeText(totalBytes)}`}`;
