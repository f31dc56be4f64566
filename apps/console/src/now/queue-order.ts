import type { JobState, JobSummary } from '@tower/contracts';
import { priorities } from '../jobs/job-states';

/** What is at work stands before what is checked, and that before what waits. */
const places: Readonly<Partial<Record<JobState, number>>> = { processing: 0, quality_check: 1 };
const placeOf = ({ status }: JobSummary): number => places[status] ?? 2;

/**
 * Open jobs as a person expects them: at work first, then by priority, the oldest first. Which is served next is the
 * planner's to say, and each row says it in words.
 */
export const inOrder = (jobs: readonly JobSummary[]): JobSummary[] =>
  jobs.toSorted(
    (one, other) =>
      placeOf(one) - placeOf(other) ||
      priorities.indexOf(one.priority) - priorities.indexOf(other.priority) ||
      (one.created_at < other.created_at ? -1 : one.created_at > other.created_at ? 1 : 0),
  );
