import { isOver } from '@tower/contracts';
import type { Attempt } from '../../jobs/attempt.entity';
import { liveAttemptStates } from '../../jobs/states';
import type { JobRows } from '../job-view';
import { secondsText } from './seconds-text';

/** Attempts that are told; of more the newest. */
const maxTold = 20;

/** What happened to a job so far, attempt by attempt, and how it ended; in sentences. */
export function historyOf({ job, tasks, attempts }: JobRows, now: Date): string[] {
  const many = tasks.length > 1;
  const ended = attempts.filter((attempt) => attempt.endedAt !== null || attempt.seconds !== null);
  const told = ended.slice(-maxTold).flatMap((attempt) => {
    const task = tasks.find(({ id }) => id === attempt.taskId);
    const of = many && task !== undefined ? ` of result ${task.idx + 1}` : '';
    const steps = (task?.recovery ?? []).filter((step) => step.afterAttempt === attempt.n);
    return [
      `Attempt ${attempt.n}${of} on ${attempt.gpu} ${howItEnded(attempt)}`,
      ...steps.map((step) => `After that, because of ${step.because.replaceAll('_', ' ')}: ${step.detail}`),
    ];
  });
  const before = ended.length > maxTold ? [`${ended.length - maxTold} earlier attempts are not told here`] : [];
  const running = attempts
    .filter(({ state }) => (liveAttemptStates as readonly string[]).includes(state))
    .map((attempt) => `Attempt ${attempt.n} ${sinceWhen(attempt, now)}`);
  return [...(isOver(job.state) ? [endOf(job)] : []), ...running, ...before, ...told];
}

function sinceWhen({ gpu, dispatchedAt, estimatedSeconds }: Attempt, now: Date): string {
  const since = secondsText((now.getTime() - dispatchedAt.getTime()) / 1000);
  const said = estimatedSeconds === null ? '' : `; ${secondsText(estimatedSeconds)} had been estimated`;
  return `was given to ${gpu} ${since} ago${said}`;
}

function howItEnded({ state, seconds, estimatedSeconds, error, outcome }: Attempt): string {
  const took = seconds === null ? '' : ` after ${secondsText(seconds)}`;
  const said = estimatedSeconds === null ? '' : ` (${secondsText(estimatedSeconds)} had been estimated)`;
  switch (state) {
    case 'succeeded':
      return `was rendered and accepted${took}${said}`;
    case 'rejected':
      return `was rendered${took}${said}, and quality turned it down`;
    case 'checking':
    case 'collecting':
      return `was rendered${took}${said}`;
    default:
      return `ended as ${outcome ?? state}${took}${error === null ? '' : `: ${error.message}`}`;
  }
}

function endOf({ state, createdAt, startedAt, endedAt, error }: JobRows['job']): string {
  const total = endedAt === null ? undefined : (endedAt.getTime() - createdAt.getTime()) / 1000;
  const waited = startedAt === null ? undefined : (startedAt.getTime() - createdAt.getTime()) / 1000;
  const times = [
    ...(total === undefined ? [] : [`${secondsText(total)} after it was asked for`]),
    ...(waited === undefined ? ['it was never begun'] : [`it had waited ${secondsText(waited)} for a card`]),
  ];
  return `It ended as ${state}: ${times.join('; ')}${error === null ? '' : `. ${error.message}`}`;
}
