import type { EstimateView, GenerateRequest, JobAccepted } from '@tower/contracts';
import type { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import { beyondForecast, noCardCanRunIt, toEstimate, unknownEstimate } from '../views/estimate-view';
import { promisedResult } from '../workflows/values/planned-values';
import type { Admitted } from './job-intake';
import type { ResolvedRequest } from './resolve-request';

/** How the line stood when the job came. */
export interface Arrival {
  snapshot: Snapshot;
  /** About how many tasks wait before it, where that is more than the forecast looks at; else null. */
  before: number | null;
  now: Date;
}

/**
 * The estimate is for the end of the line as it was a moment ago.
 */
export function toAccepted(
  { job, tasks }: Admitted,
  { snapshot, before, now }: Arrival,
  body: GenerateRequest,
  plan: ResolvedRequest,
): JobAccepted {
  const own = asWaiting({ job, tasks }, snapshot);
  const spans = before === null ? snapshot.spansBehind(job.rank, own, now) : [];
  const estimate = estimateAtArrival(
    snapshot,
    own,
    before === null ? toEstimate(spans, now) : unknownEstimate(beyondForecast(before)),
  );
  return {
    job_id: job.id,
    status: job.state,
    seed: job.seed,
    count: job.count,
    workflow: job.workflow,
    model_name: job.modelName,
    width: job.width,
    height: job.height,
    frame_count: job.frames,
    fps: job.fps,
    duration_seconds: job.fps === null ? null : job.frames / job.fps,
    sound: plan.promised.sound,
    warnings: job.warnings,
    estimate,
    suggestion: suggestDraft(plan, body, estimate.remaining_seconds, (draft) => {
      const first = own[0];
      const span = spans[0];
      return first && span ? span.startIn + snapshot.estimate({ ...first, ...draft }, span.gpu).seconds : undefined;
    }),
    websocket_url: `/ws/jobs/${job.id}`,
    job_url: `/api/anime/jobs/${job.id}`,
  };
}

/** The job's tasks as the snapshot sees waiting ones. */
const asWaiting = ({ job, tasks }: Admitted, snapshot: Snapshot): WaitingTask[] =>
  tasks.map((task, index) =>
    snapshot.see({
      task_id: task.id,
      job_id: job.id,
      workflow: job.workflow,
      model_name: job.modelName,
      width: job.width,
      height: job.height,
      steps: job.steps,
      frames: job.frames,
      excluded_gpus: [],
      // What holds for the first holds for all.
      ...(index === 0 ? { parameters: job.parameters, parts: job.parts } : {}),
      rank: job.rank,
      kind: task.kind,
    }),
  );

/** What the line says, unless nobody can run it or nothing is given out for the time being. */
function estimateAtArrival(snapshot: Snapshot, own: readonly WaitingTask[], inLine: EstimateView): EstimateView {
  if (snapshot.pause !== undefined) return unknownEstimate(`unknown: ${snapshot.pause}`);
  const impossible = own.find((task) => !snapshot.isTakenBySomeCard(task));
  return impossible === undefined ? inLine : unknownEstimate(noCardCanRunIt(snapshot, impossible));
}

/** A sentence when a draft of the same picture would be there in half the time or less. */
function suggestDraft(
  { workflow, values }: ResolvedRequest,
  body: GenerateRequest,
  seconds: number | null,
  draftSeconds: (draft: Pick<WaitingTask, 'width' | 'height' | 'steps' | 'frames'>) => number | undefined,
): string | null {
  const preset = workflow.file.presets.draft;
  if (body.preset === 'draft' || preset === undefined || seconds === null || body.count > 1) return null;
  // What the request itself says stays as it is; only the preset's own share would change.
  const drafted = Object.fromEntries(
    Object.entries(preset).filter(
      ([name]) => body[name as keyof GenerateRequest] === undefined && body.parameters[name] === undefined,
    ),
  );
  const { width, height, frames } = promisedResult(workflow, { ...values, ...drafted });
  const draft = draftSeconds({ width, height, frames, steps: Number(drafted['steps'] ?? values['steps'] ?? 0) });
  return draft !== undefined && draft * 2 <= seconds
    ? `The draft preset would be ready in about ${Math.max(1, Math.round(draft))} s.`
    : null;
}
