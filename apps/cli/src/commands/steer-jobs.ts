import { routes, type JobState, type JobSummary, type JobView, type Priority } from '@tower/contracts';
import { runningApi, tell } from './running-api';

interface Output {
  json: boolean;
}

/** Jobs, newest first. */
export async function jobsList(options: Output & { state?: JobState; limit: number }): Promise<number> {
  const { state, limit } = options;
  const page = await runningApi().call(routes.listJobs, {
    query: { limit, ...(state === undefined ? {} : { state }) },
  });
  tell(page, options, ({ items, next_cursor: next }) => [
    ...(items.length === 0 ? ['no jobs'] : items.map(describeSummary)),
    ...(next === undefined ? [] : ['there are more; --limit shows them']),
  ]);
  return 0;
}

/** One job. */
export async function jobsShow(id: string, options: Output): Promise<number> {
  tell(await runningApi().call(routes.getJob, { params: { id } }), options, describeJob);
  return 0;
}

/** Another place in line. */
export async function jobsSetPriority(id: string, priority: Priority, options: Output): Promise<number> {
  tell(await runningApi().call(routes.changeJob, { params: { id }, body: { priority } }), options, describeJob);
  return 0;
}

/** When it should be ready; null takes that away. */
export async function jobsSetDeadline(id: string, at: string | null, options: Output): Promise<number> {
  const body = { deadline_at: at };
  tell(await runningApi().call(routes.changeJob, { params: { id }, body }), options, describeJob);
  return 0;
}

/** Starts nothing more of it. */
export async function jobsPause(id: string, options: Output & { who: string; reason: string }): Promise<number> {
  const { who, reason } = options;
  tell(await runningApi().call(routes.pauseJob, { params: { id }, body: { who, reason } }), options, describeJob);
  return 0;
}

/** Goes on with it. */
export async function jobsResume(id: string, options: Output & { who: string }): Promise<number> {
  const body = { who: options.who };
  tell(await runningApi().call(routes.resumeJob, { params: { id }, body }), options, describeJob);
  return 0;
}

/** Asks again for what it did not bring. */
export async function jobsRetry(id: string, options: Output): Promise<number> {
  tell(await runningApi().call(routes.retryJob, { params: { id }, body: {} }), options, (job) => [
    ...describeJob(job),
    `  repeats ${id}`,
  ]);
  return 0;
}

/** Puts it before or after another one. */
export async function jobsOrder(
  id: string,
  where: { before?: string; after?: string },
  options: Output,
): Promise<number> {
  const order = await runningApi().call(routes.orderQueue, { body: { job_id: id, ...where } });
  tell(order, options, ({ job_id: job, before, after }) => [`${job} goes ${orderText(before, after)}`]);
  return 0;
}

/** Takes back what was ordered of it by hand. */
export async function jobsUnorder(id: string, options: Output): Promise<number> {
  const answer = await runningApi().call(routes.withdrawOrder, { params: { id } });
  tell(answer, options, ({ job_id: job, withdrawn }) =>
    withdrawn.length === 0
      ? [`nothing is ordered of ${job}`]
      : withdrawn.map(({ before, after }) => `${job} no longer goes ${orderText(before, after)}`),
  );
  return 0;
}

const orderText = (before: string | null, after: string | null): string =>
  before === null ? `after ${after ?? ''}` : `before ${before}`;

const describeSummary = ({ id, status, priority, progress, stage, job_type: type }: JobSummary): string =>
  `${id}  ${status.padEnd(13)} ${priority.padEnd(6)} ${String(progress).padStart(3)} %  ${type.padEnd(15)} ${stage}`;

/** Lines for a person. */
export function describeJob(job: JobView): string[] {
  const { estimate } = job;
  const times = estimate.finish_at === null ? estimate.basis : `ready at ${estimate.finish_at} (${estimate.basis})`;
  return [
    `${job.id}  ${job.status}, ${job.priority}, ${job.progress} %`,
    `  ${job.stage}`,
    ...(job.deadline_at === null ? [] : [`  should be ready at ${job.deadline_at}`]),
    ...(times === '' ? [] : [`  ${times}`]),
    ...(job.error === null ? [] : [`  ${job.error.code}: ${job.error.message} ${job.error.hint}`.trimEnd()]),
  ];
}
