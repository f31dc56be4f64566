import type { JobView, TaskView } from '@tower/contracts';
import { shorten } from '@tower/kit';

/** Bytes of one job as JSON; leaves room below what an answer may have. */
const maxJobBytes = 448 * 1024;

/** Attempts that each task still shows, from what is nearly always enough to what always fits. */
const attemptsShown = [16, 8, 4, 2, 1] as const;
/** Recovery steps that each task still shows, and characters of texts, when even one attempt per task is too much. */
const fewSteps = 3;
const fewCharacters = 100;

/**
 * The job, small enough for one answer. 64 tasks with ten regenerations each, or errors that are pages long, are more
 * than fits: then each task shows its newest attempts only, at last one, with the newest steps of recovery and the
 * beginnings of long texts. `attempts_total` says how many attempts there were.
 */
export function boundedJob(job: JobView): JobView {
  if (bytesOf(job) <= maxJobBytes) return job;
  for (const shown of attemptsShown) {
    const smaller = { ...job, tasks: job.tasks.map((task) => ({ ...task, attempts: task.attempts.slice(-shown) })) };
    if (bytesOf(smaller) <= maxJobBytes) return smaller;
  }
  return { ...job, tasks: job.tasks.map(smallest) };
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

function smallest(task: TaskView): TaskView {
  const attempts = task.attempts.slice(-1).map((attempt) => ({
    ...attempt,
    error: attempt.error && {
      ...attempt.error,
      message: shorten(attempt.error.message, fewCharacters),
      hint: shorten(attempt.error.hint, fewCharacters),
    },
    recovery: attempt.recovery && { ...attempt.recovery, detail: shorten(attempt.recovery.detail, fewCharacters) },
  }));
  return {
    ...task,
    attempts,
    recovery: task.recovery.slice(-fewSteps).map((step) => ({ ...step, detail: shorten(step.detail, fewCharacters) })),
  };
}
