import type { EstimateView, JobAccepted } from '@tower/contracts';
import type { WaitingTask } from '../planning/waiting-task';
import { deadlineOutlook } from '../views/deadline-view';
import { asWaiting, forecastOf, type Forecast, type Line } from './forecast';
import type { Admitted } from './job-intake';
import { lowerPresets, rungOf } from './ladder';
import type { PlannedRequest } from './request-planning';
import type { Variant } from './resolve-request';
import { suggestionFor, type PresetTime } from './suggestion';

/** The answer to a request that was taken. The estimate is for the end of the line as it was a moment ago. */
export function toAccepted({ job, tasks }: Admitted, planned: PlannedRequest): JobAccepted {
  const { resolved, line, timing } = planned;
  const own = asWaiting(job, tasks, line);
  const forecast = forecastOf(own, line, job.autoQualityCheck);
  const { estimate } = forecast;
  return {
    job_id: job.id,
    // As it stands once it is written.
    status: 'queued',
    seed: job.seed,
    count: job.count,
    workflow: job.workflow,
    model_name: job.modelName,
    preset: job.preset,
    width: job.width,
    height: job.height,
    steps: job.steps,
    frame_count: job.frames,
    fps: job.fps,
    duration_seconds: job.fps === null ? null : job.frames / job.fps,
    sound: resolved.promised.sound,
    warnings: job.warnings,
    deadline_at: timing.deadlineAt?.toISOString() ?? null,
    deadline_outlook: deadlineOutlook(job, estimate, line.now),
    given_up: timing.givenUp,
    estimate,
    suggestion: suggestionOf(planned, estimate, (variant) => madeSmaller(own, forecast, variant, line)),
    websocket_url: `/ws/jobs/${job.id}`,
    job_url: `/api/anime/jobs/${job.id}`,
  };
}

/**
 * When these tasks would be ready if they were smaller, where the plan has them: what ends last ends sooner by what is
 * saved of all that is before it on its card. The plan is not made anew, which would cost every request milliseconds.
 */
function madeSmaller(
  own: readonly WaitingTask[],
  { spans, estimate }: Forecast,
  { values, promised: { width, height, frames } }: Variant,
  { snapshot }: Line,
): Pick<EstimateView, 'remaining_seconds' | 'basis'> {
  const [first] = own;
  const last = [...spans].sort((a, b) => b.finishIn - a.finishIn)[0];
  if (first === undefined || last === undefined || estimate.remaining_seconds === null)
    return { remaining_seconds: null, basis: estimate.basis };
  const smaller = snapshot.estimate({ ...first, width, height, frames, steps: Number(values['steps'] ?? 0) }, last.gpu);
  const saved = snapshot.estimate(first, last.gpu).seconds - smaller.seconds;
  const there = spans.filter(({ gpu }) => gpu === last.gpu).length;
  return { remaining_seconds: Math.max(smaller.seconds, last.finishIn - there * saved), basis: smaller.basis };
}

/** A sentence when a lower preset would be ready much sooner. */
export function suggestionOf(
  { resolved, preset }: Pick<PlannedRequest, 'resolved' | 'preset'>,
  { remaining_seconds: readyIn, basis }: Pick<EstimateView, 'remaining_seconds' | 'basis'>,
  forecast: (variant: Variant) => Pick<EstimateView, 'remaining_seconds' | 'basis'>,
): string | null {
  return suggestionFor({ preset, readyIn, basis }, sooner());

  function* sooner(): Iterable<PresetTime> {
    for (const lower of lowerPresets(resolved, preset)) {
      const rung = rungOf(resolved, lower);
      if (rung === undefined) continue;
      const found = forecast(rung);
      yield { preset: lower, readyIn: found.remaining_seconds, basis: found.basis };
    }
  }
}
