import { isOver, type DeadlineOutlook, type EstimateView } from '@tower/contracts';
import { deadlineEnd, type Deadlined } from '../jobs/deadline-end';

/** How a job's deadline stands by what is known of its end; null where it has none. */
export function deadlineOutlook(
  job: Deadlined,
  { p80, low }: Pick<EstimateView, 'p80' | 'low'>,
  now: Date,
): DeadlineOutlook | null {
  if (job.deadlineAt === null || isOver(job.state)) return deadlineEnd(job);
  const left = (job.deadlineAt.getTime() - now.getTime()) / 1000;
  if (left < 0) return 'missed';
  // The least that it takes may be known where nothing else is.
  if (low !== null && low > left) return 'unlikely';
  if (p80 === null) return 'unknown';
  return p80 <= left ? 'likely' : 'possible';
}
