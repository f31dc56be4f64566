import { isOver, type JobState } from '@tower/contracts';

/** What of a job its deadline is held against. */
export interface Deadlined {
  state: JobState;
  deadlineAt: Date | null;
  endedAt: Date | null;
}

/** Whether a job that is over was ready in time; null where it had no deadline, or nobody waits for it any more. */
export function deadlineEnd({ state, deadlineAt, endedAt }: Deadlined): 'kept' | 'missed' | null {
  if (deadlineAt === null || !isOver(state) || state === 'cancelled') return null;
  return state === 'completed' && endedAt !== null && endedAt <= deadlineAt ? 'kept' : 'missed';
}
