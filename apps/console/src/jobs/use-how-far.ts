import type { JobSummary, ProgressView } from '@tower/contracts';
import { useProgress } from '../live/live-context';
import { jobStates } from './job-states';

type Moving = Pick<JobSummary, 'status' | 'stage' | 'progress'>;

/**
 * How far a job has come: what the feed said last, as long as it speaks of the same state, for its hints are quicker
 * than what was read and may be older than it.
 */
export function useHowFar(job: Moving & { id: string }): Moving & { live: ProgressView | undefined } {
  const live = useProgress(job.id);
  if (live === undefined || live.status !== job.status || jobStates[job.status].isOver)
    return { status: job.status, stage: job.stage, progress: job.progress, live: undefined };
  return { status: live.status, stage: live.stage, progress: live.progress, live };
}

/** The same of a job of which nothing else is at hand; undefined until the feed told some. */
export const useHowFarById = useProgress;
