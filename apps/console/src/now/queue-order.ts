import type { GpuDetailView, JobState, JobSummary } from '@tower/contracts';
import { priorities } from '../jobs/job-states';

/** What is at work stands before what is checked, and that before what waits. */
const places: Readonly<Partial<Record<JobState, number>>> = { processing: 0, quality_check: 1 };
const placeOf = ({ status }: JobSummary): number => places[status] ?? 2;

/** When the plan of the cards begins each job, in seconds, as far as it says; the first of several results counts. */
export function startsIn(cards: readonly Pick<GpuDetailView, 'next'>[]): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  for (const { job_id, start_in_seconds } of cards.flatMap(({ next }) => next))
    starts.set(job_id, Math.min(start_in_seconds, starts.get(job_id) ?? Infinity));
  return starts;
}

/**
 * Open jobs in the order in which they come: at work first, then as the plan has them, then what it does not reach yet,
 * by priority and age.
 */
export const inOrder = (jobs: readonly JobSummary[], starts: ReadonlyMap<string, number>): JobSummary[] =>
  jobs.toSorted(
    (one, other) =>
      placeOf(one) - placeOf(other) ||
      compare(starts.get(one.id) ?? Infinity, starts.get(other.id) ?? Infinity) ||
      priorities.indexOf(one.priority) - priorities.indexOf(other.priority) ||
      compare(one.created_at, other.created_at),
  );

const compare = <Value extends string | number>(one: Value, other: Value): number =>
  one < other ? -1 : one > other ? 1 : 0;

/** The job that one may be put before by hand: the one above it, where both wait and have the same priority. */
export function aboveInLine(jobs: readonly JobSummary[], index: number): JobSummary | undefined {
  const [above, job] = [jobs[index - 1], jobs[index]];
  return above?.status === 'queued' && job?.status === 'queued' && above.priority === job.priority ? above : undefined;
}
