import type { DeadlineOutlook, EstimateView } from '@tower/contracts';

/** How a job's deadline stands by what is known of its end; null where it has none. */
export function deadlineOutlook(
  { deadlineAt, endedAt }: { deadlineAt: Date | null; endedAt: Date | null },
  { p80, low }: Pick<EstimateView, 'p80' | 'low'>,
  now: Date,
): DeadlineOutlook | null {
  if (deadlineAt === null) return null;
  if (endedAt !== null) return endedAt <= deadlineAt ? 'kept' : 'missed';
  const left = (deadlineAt.getTime() - now.getTime()) / 1000;
  if (left < 0) return 'missed';
  // The least that it takes may be known where nothing else is.
  if (low !== null && low > left) return 'unlikely';
  if (p80 === null) return 'unknown';
  return p80 <= left ? 'likely' : 'possible';
}
