import { isOver, type EstimateView } from '@tower/contracts';
import type { Attempt } from '../jobs/attempt.entity';
import type { Job } from '../jobs/job.entity';
import { liveAttemptStates } from '../jobs/states';
import type { Task } from '../jobs/task.entity';
import { standstillText } from '../cards/card';
import { ineligibility } from '../planning/eligibility';
import { p80Of, type Work } from '../planning/estimates/estimate';
import type { SettlingTime } from '../planning/estimates/settling-times';
import { aboutSoMany } from '../planning/explain';
import type { Span } from '../planning/plan-facts';
import type { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import type { JobRows } from './job-view';
import { isHeld, placeOf, waitingTask } from './waiting-view';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const nothingKnown: EstimateView = {
  start_at: null,
  finish_at: null,
  remaining_seconds: null,
  low: null,
  high: null,
  p80: null,
  confidence: null,
  basis: '',
};

/** No times, and why there are none. */
export const unknownEstimate = (basis: string, startedAt: Date | null = null): EstimateView => ({
  ...nothingKnown,
  start_at: iso(startedAt),
  basis,
});

/** Of a task that no card can take now: what each of them says. */
export const noCardCanRunIt = (snapshot: Snapshot, task: WaitingTask): string =>
  snapshot.cards.length === 0
    ? 'unknown: no card is configured'
    : `unknown: ${snapshot.cards.map((card) => ineligibility(card, task)).join('; ')}`;
export const beyondForecast = (before: number): string =>
  `unknown: beyond the forecast, ${aboutSoMany(before)} before it`;

export function estimateOf(rows: JobRows, snapshot: Snapshot, now: Date): EstimateView {
  const { job, tasks, attempts } = rows;
  if (isOver(job.state))
    return {
      ...nothingKnown,
      start_at: iso(job.startedAt),
      finish_at: iso(job.endedAt),
      remaining_seconds: 0,
      low: 0,
      high: 0,
      p80: 0,
      basis: 'measured',
    };
  const spans: ForecastPart[] = [];
  for (const task of tasks) {
    // The snapshot may have been read after the task was given out, and knows of it then.
    const live =
      attempts.find(
        (attempt) => attempt.taskId === task.id && (liveAttemptStates as readonly string[]).includes(attempt.state),
      ) ?? (task.state === 'queued' ? snapshot.liveOf(task.id) : undefined);
    if (live) {
      const left = snapshot.remainingOf(live, workOfAttempt(job, live), now);
      spans.push({ startIn: 0, finishIn: left.seconds, p80: p80Of(left), ...left });
    } else if (task.state === 'queued') {
      const span = snapshot.pause === undefined && !job.paused ? snapshot.spanOf(task.id, now) : undefined;
      if (!span) return unknownEstimate(whyUnknown(rows, task, snapshot, now), job.startedAt);
      spans.push(span);
    }
  }
  return toEstimate(settled(spans, snapshot.settlingOf(job.workflow, job.autoQualityCheck)), now, job.startedAt);
}

/** What an attempt works on, as far as time depends on it. */
const workOfAttempt = (
  { workflow, modelName, width, height, frames, steps, cfgScale }: Job,
  { plan }: Attempt,
): Work => ({
  workflow,
  modelName,
  cfgScale,
  width,
  height,
  frames,
  steps,
  plan,
});

/** Why a waiting task has no place in the forecast. */
function whyUnknown(rows: JobRows, task: Task, snapshot: Snapshot, now: Date): string {
  if (rows.job.paused) return `unknown: the job is paused by ${standstillText(rows.job.paused)}`;
  if (task.wantsModel) return `unknown: waits for ${task.wantsModel.name}`;
  if (snapshot.pause !== undefined) return `unknown: ${snapshot.pause}`;
  if (isHeld(task, now)) return `unknown: held back until ${task.notBefore?.toISOString() ?? 'later'}`;
  const entry = waitingTask(rows.job, task, snapshot);
  if (!entry) return `unknown: workflow ${rows.job.workflow} is no longer among the templates`;
  if (!snapshot.isTakenBySomeCard(entry)) return noCardCanRunIt(snapshot, entry);
  const ahead = placeOf(rows, task, snapshot);
  return ahead === undefined ? 'unknown: it has just come back into line' : beyondForecast(ahead.count);
}

type ForecastPart = Pick<Span, 'startIn' | 'finishIn' | 'low' | 'high' | 'p80' | 'confidence' | 'basis' | 'unknown'>;

/** With what results take after their cards: a task is over only then. */
export const settled = <Part extends ForecastPart>(spans: readonly Part[], after: SettlingTime): Part[] =>
  spans.map((span) => ({
    ...span,
    finishIn: span.finishIn + after.seconds,
    low: span.low + after.low,
    high: span.high + after.high,
    p80: span.p80 + after.p80,
  }));

/**
 * The whole ends with its last part; where the end of one is not known, neither is the whole's, only the least that it
 * takes.
 */
export function toEstimate(spans: readonly ForecastPart[], now: Date, startedAt: Date | null = null): EstimateView {
  const last = [...spans].sort((a, b) => b.finishIn - a.finishIn)[0];
  if (!last) return unknownEstimate('rendered; the check takes a moment', startedAt);
  const at = (seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();
  const tenth = (seconds: number): number => Math.round(seconds * 10) / 10;
  const low = tenth(Math.max(...spans.map((span) => span.low)));
  const unknown = spans.find((span) => span.unknown !== undefined)?.unknown;
  if (unknown !== undefined)
    return { ...unknownEstimate(`unknown: ${unknown}; at least ${low} s (${last.basis})`, startedAt), low };
  return {
    start_at: iso(startedAt) ?? at(Math.min(...spans.map((span) => span.startIn))),
    finish_at: at(last.finishIn),
    remaining_seconds: tenth(last.finishIn),
    low,
    high: tenth(Math.max(...spans.map((span) => span.high))),
    p80: tenth(Math.max(...spans.map((span) => span.p80))),
    confidence: spans.length === 1 ? last.confidence : null,
    basis: last.basis,
  };
}
