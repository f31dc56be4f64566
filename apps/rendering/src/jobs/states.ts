import type { AttemptState, EndState, JobState, TaskState } from '@tower/contracts';

/**
 * Which state may follow which; nothing else in this service decides that. A job falls back to `queued` when its only
 * attempt was lost or regenerates.
 */
export const nextJobStates = {
  pending: ['queued', 'failed', 'timeout', 'cancelled'],
  queued: ['processing', 'failed', 'timeout', 'cancelled'],
  processing: ['queued', 'quality_check', 'completed', 'rejected', 'failed', 'timeout', 'cancelled'],
  quality_check: ['queued', 'processing', 'completed', 'rejected', 'failed', 'timeout', 'cancelled'],
  completed: [],
  rejected: [],
  failed: [],
  timeout: [],
  cancelled: [],
} as const satisfies {
  [State in JobState]: State extends EndState ? readonly [] : readonly [JobState, ...JobState[]];
};

export const nextTaskStates = {
  queued: ['rendering', 'failed', 'timeout', 'cancelled'],
  rendering: ['queued', 'checking', 'done', 'failed', 'timeout', 'cancelled'],
  checking: ['queued', 'done', 'rejected', 'failed', 'cancelled'],
  done: [],
  rejected: [],
  failed: [],
  timeout: [],
  cancelled: [],
} as const satisfies Record<TaskState, readonly TaskState[]>;

export const nextAttemptStates = {
  dispatching: ['running', 'collecting', 'failed', 'lost', 'cancelled'],
  running: ['collecting', 'failed', 'lost', 'cancelled'],
  collecting: ['checking', 'succeeded', 'failed', 'lost', 'cancelled'],
  checking: ['succeeded', 'rejected', 'cancelled'],
  succeeded: [],
  rejected: [],
  failed: [],
  lost: [],
  cancelled: [],
} as const satisfies Record<AttemptState, readonly AttemptState[]>;

const before = <State extends string>(table: Record<State, readonly State[]>, to: State): State[] =>
  (Object.keys(table) as State[]).filter((from) => table[from].includes(to));

export const jobStatesBefore = (to: JobState): JobState[] => before<JobState>(nextJobStates, to);
export const taskStatesBefore = (to: TaskState): TaskState[] => before<TaskState>(nextTaskStates, to);
export const attemptStatesBefore = (to: AttemptState): AttemptState[] => before<AttemptState>(nextAttemptStates, to);

export const isTaskOver = (state: TaskState): boolean => nextTaskStates[state].length === 0;

/** The states that nothing leaves. */
export const taskEnds = (Object.keys(nextTaskStates) as TaskState[]).filter(isTaskOver);

/** A prompt of such an attempt may be on the card. */
export const liveAttemptStates = ['dispatching', 'running'] as const satisfies readonly AttemptState[];

/** The state of a job follows from its tasks and from whether anything of it ever ran. */
export function jobStateOf(tasks: readonly TaskState[], started: boolean): JobState {
  if (tasks.includes('rendering')) return 'processing';
  if (tasks.every(isTaskOver)) {
    for (const outcome of ['cancelled', 'failed', 'timeout', 'rejected'] as const)
      if (tasks.includes(outcome)) return outcome;
    return 'completed';
  }
  if (!tasks.includes('queued')) return 'quality_check';
  const underWay = tasks.some((task) => task !== 'queued');
  return started && underWay ? 'processing' : 'queued';
}
