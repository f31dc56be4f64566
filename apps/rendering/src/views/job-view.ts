import {
  filmJobTypes,
  isOver,
  summaryPromptLength,
  type ArtifactView,
  type AttemptView,
  type JobSummary,
  type JobView,
  type ProgressView,
  type RecoveryStepView,
  type ScoreView,
  type TaskView,
} from '@tower/contracts';
import { shorten } from '@tower/kit';
import type { Artifact } from '../jobs/artifact.entity';
import type { Attempt } from '../jobs/attempt.entity';
import type { Job } from '../jobs/job.entity';
import type { Task } from '../jobs/task.entity';
import type { Snapshot } from '../planning/snapshot';
import type { RecoveryStep } from '../workflows/composition';
import { deadlineOutlook } from './deadline-view';
import { estimateOf } from './estimate-view';
import { nextInLine, placeOf, waitingStage } from './waiting-view';

export interface JobRows {
  job: Job;
  /** By index. */
  tasks: Task[];
  /** By number. */
  attempts: Attempt[];
  /** By task: about how many tasks wait before it, where that is further back than the snapshot looks. */
  before?: ReadonlyMap<string, number>;
}

/** Characters; a sentence per card that works on the job. */
const maxStageLength = 1_000;

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
const isLive = (attempt: Attempt): boolean => attempt.state === 'dispatching' || attempt.state === 'running';

export function toProgressView(rows: JobRows, snapshot: Snapshot, now: Date): ProgressView {
  const { job, tasks, attempts } = rows;
  const running = attempts.filter(isLive);
  const leading = [...running].sort((a, b) => (b.progress?.percent ?? 0) - (a.progress?.percent ?? 0))[0];
  const next = nextInLine(rows, snapshot, now);
  const ahead = next && placeOf(rows, next, snapshot);
  return {
    job_id: job.id,
    status: job.state,
    stage: shorten(stageOf(rows, snapshot, now), maxStageLength),
    progress: Math.round(tasks.reduce((sum, task) => sum + percentOf(task, attempts), 0) / Math.max(1, tasks.length)),
    step: leading?.progress?.step ?? null,
    total_steps: leading?.progress?.totalSteps ?? null,
    images_complete: tasks.filter(isComplete).length,
    images_total: job.count,
    ...framesOf(rows),
    gpu: leading?.gpu ?? attempts.at(-1)?.gpu ?? null,
    gpus: [...new Set(attempts.map((attempt) => attempt.gpu))].sort(),
    gpu_queue_position: ahead === undefined ? placeOnCard(leading) : ahead.count + 1,
    estimate: estimateOf(rows, snapshot, now),
  };
}

/** Its result is there and judged, or needs no judgement; whether it is good enough is another matter. */
const isComplete = ({ state }: Task): boolean => state === 'done' || state === 'rejected';

/** Of an attempt that was sent and waits in its card's own queue. */
const placeOnCard = (attempt: Attempt | undefined): number | null =>
  attempt?.progress?.ahead === undefined ? null : attempt.progress.ahead + 1;

/** Whether the results of such a job are films. */
const makesFilms = (job: Pick<Job, 'jobType'>): boolean => (filmJobTypes as readonly string[]).includes(job.jobType);

/** Finished films count whole; of the others only frames that a node has reported. */
function framesOf({ job, tasks, attempts }: JobRows): Pick<ProgressView, 'frames_complete' | 'frames_total'> {
  if (!makesFilms(job)) return { frames_complete: null, frames_total: null };
  const finished = (task: Task): number => {
    if (isComplete(task) || task.state === 'checking') return job.frames;
    return Math.min(
      job.frames,
      attempts.findLast((attempt) => attempt.taskId === task.id && (isLive(attempt) || attempt.state === 'collecting'))
        ?.progress?.frame ?? 0,
    );
  };
  return {
    frames_complete: tasks.reduce((sum, task) => sum + finished(task), 0),
    frames_total: job.frames * job.count,
  };
}

function percentOf(task: Task, attempts: readonly Attempt[]): number {
  if (isComplete(task)) return 100;
  if (task.state === 'checking') return 99;
  if (task.state === 'queued') return 0;
  // Of one that failed or was cancelled what was reached stays.
  const current = attempts.findLast((attempt) => attempt.taskId === task.id);
  return Math.min(98, current?.progress?.percent ?? 0);
}

function stageOf(rows: JobRows, snapshot: Snapshot, now: Date): string {
  const { job, attempts } = rows;
  switch (job.state) {
    case 'completed':
      return 'Done';
    case 'rejected':
      return `Rejected: ${job.error?.message ?? 'no attempt met the thresholds'}`;
    case 'failed':
      return `Failed: ${job.error?.message ?? 'see the error'}`;
    case 'timeout':
      return `Timed out: ${job.error?.message ?? 'see the error'}`;
    case 'cancelled':
      return 'Cancelled';
    case 'quality_check':
      return checkingStage(attempts);
    case 'pending':
    case 'queued':
    case 'processing': {
      const running = attempts.filter((attempt) => isLive(attempt) || attempt.state === 'collecting');
      if (running.length > 0) return running.map((attempt) => attemptStage(attempt, snapshot)).join('; ');
      const next = nextInLine(rows, snapshot, now);
      // Nothing is left but to hear what quality found.
      return next ? waitingStage(rows, next, snapshot, now) : checkingStage(attempts);
    }
  }
}

const checkingStage = (attempts: readonly Attempt[]): string =>
  attempts.some((attempt) => attempt.state === 'checking' && attempt.qualitySilentSince !== null)
    ? 'Waiting for the quality service'
    : 'Checking quality';

function attemptStage(attempt: Attempt, snapshot: Snapshot): string {
  if (attempt.state === 'collecting' && snapshot.storageTrouble !== undefined)
    return `Waiting: ${snapshot.storageTrouble}`;
  const trouble = snapshot.gpus.some((gpu) => gpu.name === attempt.gpu && gpu.state === 'down')
    ? snapshot.cards.find((card) => card.name === attempt.gpu)?.trouble
    : undefined;
  if (trouble !== undefined) return `${trouble}; waiting for it to come back`;
  return attempt.state === 'collecting'
    ? `Fetching the result from ${attempt.gpu}`
    : (attempt.progress?.stage ?? `Sent to ${attempt.gpu}`);
}

export function toJobView(rows: JobRows, snapshot: Snapshot, now: Date): JobView {
  const { job, tasks, attempts } = rows;
  const { job_id: _, ...progress } = toProgressView(rows, snapshot, now);
  return {
    ...progress,
    id: job.id,
    project_id: job.projectId,
    character_ids: job.characterIds,
    job_type: job.jobType,
    workflow: job.workflow,
    preset: job.preset,
    priority: job.priority,
    prompt: job.prompt,
    negative_prompt: job.negativePrompt,
    full_prompt: job.fullPrompt,
    full_negative_prompt: job.fullNegativePrompt,
    dynamic_prompts: job.dynamicPrompts,
    model_name: job.modelName,
    width: job.width,
    height: job.height,
    steps: job.steps,
    cfg_scale: job.cfgScale,
    sampler_name: job.samplerName,
    scheduler: job.scheduler,
    frame_count: job.frames,
    fps: job.fps,
    warnings: job.warnings,
    seed: job.seed,
    count: job.count,
    parameters: job.parameters,
    ...toPartsView(job),
    only_gpu: job.onlyGpu,
    calibration: job.calibration,
    deadline_at: iso(job.deadlineAt),
    deadline_outlook: deadlineOutlook(job, progress.estimate, now),
    given_up: job.givenUp,
    allow_degrade: job.allowDegrade,
    auto_quality_check: job.autoQualityCheck,
    max_regenerations: job.maxRegenerations,
    paused: isOver(job.state) ? null : job.paused,
    retry_of: job.retryOf,
    created_at: job.createdAt.toISOString(),
    queued_at: iso(job.queuedAt),
    started_at: iso(job.startedAt),
    rendered_at: iso(job.renderedAt),
    ended_at: iso(job.endedAt),
    total_seconds: secondsBetween(job.createdAt, job.endedAt),
    attempt: Math.max(0, ...attempts.map((attempt) => attempt.n)),
    scores: scoresOf(tasks, attempts),
    error: job.error,
    tasks: tasks.map((task) => toTaskView(task, attempts)),
  };
}

/** The scores of the first picture's best attempt; each attempt's own are in `tasks`. */
function scoresOf(tasks: readonly Task[], attempts: readonly Attempt[]): ScoreView[] {
  const first = tasks[0];
  return first ? (bestAttempt(attempts.filter((attempt) => attempt.taskId === first.id))?.scores ?? []) : [];
}

const toRecoveryView = ({ afterAttempt, ...step }: RecoveryStep): RecoveryStepView => ({
  ...step,
  after_attempt: afterAttempt,
});

const toPartsView = ({ parts, images }: Job): Pick<JobView, 'loras' | 'references' | 'controlnets' | 'images'> => ({
  loras: parts.loras.map((lora) => ({
    file: lora.file,
    strength_model: lora.strengthModel,
    strength_clip: lora.strengthClip,
  })),
  references: parts.references,
  controlnets: parts.controlnets,
  images,
});

const toTaskView = (task: Task, attempts: readonly Attempt[]): TaskView => ({
  id: task.id,
  idx: task.idx,
  state: task.state,
  seed: task.seed,
  plan: task.plan,
  recovery: task.recovery.map(toRecoveryView),
  attempts: attempts.filter((attempt) => attempt.taskId === task.id).map(toAttemptView),
  attempts_total: attempts.filter((attempt) => attempt.taskId === task.id).length,
});

const toAttemptView = (attempt: Attempt): AttemptView => ({
  id: attempt.id,
  n: attempt.n,
  state: attempt.state,
  gpu: attempt.gpu,
  prompt_id: attempt.promptId,
  seed: attempt.seed,
  dispatched_at: attempt.dispatchedAt.toISOString(),
  started_at: iso(attempt.startedAt),
  ended_at: iso(attempt.endedAt),
  seconds: attempt.seconds,
  outcome: attempt.outcome,
  error: attempt.error,
  estimated_seconds: attempt.estimatedSeconds,
  plan: attempt.plan,
  recovery: attempt.recovery && toRecoveryView(attempt.recovery),
  verdict: attempt.verdict,
  scores: attempt.scores,
});

export const toJobSummary = (rows: JobRows, snapshot: Snapshot, now: Date): JobSummary => {
  const view = toJobView(rows, snapshot, now);
  return {
    id: view.id,
    project_id: view.project_id,
    job_type: view.job_type,
    workflow: view.workflow,
    preset: view.preset,
    priority: view.priority,
    status: view.status,
    stage: view.stage,
    progress: view.progress,
    prompt: shorten(view.prompt, summaryPromptLength),
    prompt_cut: view.prompt.length > summaryPromptLength,
    model_name: view.model_name,
    width: view.width,
    height: view.height,
    frame_count: view.frame_count,
    fps: view.fps,
    seed: view.seed,
    count: view.count,
    calibration: view.calibration,
    images_complete: view.images_complete,
    gpus: view.gpus,
    created_at: view.created_at,
    ended_at: view.ended_at,
    total_seconds: view.total_seconds,
    error: view.error,
  };
};

/**
 * The attempt that a person should look at: accepted before rejected, then the one with the most passed checks, then
 * the newest.
 */
export function bestAttempt(attempts: readonly Attempt[]): Attempt | undefined {
  const passed = (attempt: Attempt): number =>
    attempt.scores.filter((score) => score.state === 'computed' && score.passed === true).length;
  const rendered = attempts.filter(
    (attempt) => attempt.state === 'succeeded' || attempt.state === 'rejected' || attempt.state === 'checking',
  );
  return rendered.sort(
    (a, b) => Number(b.state === 'succeeded') - Number(a.state === 'succeeded') || passed(b) - passed(a) || b.n - a.n,
  )[0];
}

export const toArtifactView = (artifact: Artifact, attempt: Attempt, best: boolean): ArtifactView => ({
  id: artifact.id,
  job_id: artifact.jobId,
  task_id: artifact.taskId,
  attempt_id: artifact.attemptId,
  attempt: attempt.n,
  idx: artifact.idx,
  role: artifact.role,
  path: artifact.path,
  sha256: artifact.sha256,
  bytes: artifact.bytes,
  media_type: artifact.mediaType,
  width: artifact.width,
  height: artifact.height,
  frames: artifact.frames,
  fps: artifact.fps,
  duration_seconds: artifact.durationSeconds,
  sound: artifact.sound,
  gpu: attempt.gpu,
  seed: attempt.seed,
  seconds: attempt.seconds,
  simulated: artifact.simulated,
  verdict: attempt.verdict,
  best,
  created_at: artifact.createdAt.toISOString(),
  content_url: `/api/anime/artifacts/${artifact.id}/content`,
  thumbnail_url: `/api/anime/artifacts/${artifact.id}/thumbnail`,
});

const secondsBetween = (from: Date, to: Date | null): number | null =>
  to === null ? null : Math.max(0, (to.getTime() - from.getTime()) / 1000);
