import type { ClaimView, GpuDetailView, Priority } from '@tower/contracts';
import { shorten } from '@tower/kit';
import type { GpuClaim } from '../cards/claim.entity';
import type { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import { rankOf } from '../jobs/queue-place';
import type { Placement } from '../planning/plan-facts';
import type { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import { boundedGpu, toGpuView } from './card-view';
import type { CardUse } from './utilisation.reader';

/** Tasks of a card's plan that are told. */
const maxNext = 10;
/** Model files of a card that are told. */
const maxLoaded = 100;

/** A claim as it stands at `now`. */
export const toClaimView = (claim: GpuClaim, now: Date): ClaimView => ({
  id: claim.id,
  gpu: claim.gpu,
  megabytes: claim.megabytes,
  who: claim.who,
  since: claim.since.toISOString(),
  until: claim.until.toISOString(),
  remaining_seconds: claim.endedAt === null ? Math.max(0, (claim.until.getTime() - now.getTime()) / 1000) : 0,
  ended_at: claim.endedAt?.toISOString() ?? null,
  memory_freed: claim.freed,
});

/** All that is told of one card: `claims` are those that hold on it. */
export function toGpuDetail(
  gpu: Gpu,
  { snapshot, claims, now }: { snapshot: Snapshot; claims: readonly GpuClaim[]; now: Date },
  { lastHour, loadedSince }: CardUse,
  cards: number,
): GpuDetailView {
  const live = snapshot.live.filter((attempt) => attempt.gpu === gpu.name);
  const claimedMb = claims.reduce((sum, { megabytes }) => sum + megabytes, 0);
  const view = boundedGpu(toGpuView(gpu, live[0]?.jobId ?? null, claimedMb), cards);
  const sequence = snapshot.sequenceOf(gpu.name, now);
  return {
    ...view,
    loaded: gpu.resident
      .slice(0, maxLoaded)
      .map((file) => ({ file, since: loadedSince.get(file)?.toISOString() ?? null })),
    memory: {
      total_mb: view.vram_mb,
      free_mb: view.vram_free_mb,
      claimed_mb: claimedMb,
      left_mb: view.vram_mb === null ? null : Math.max(0, view.vram_mb - claimedMb),
    },
    claims: claims.map((claim) => toClaimView(claim, now)),
    running: live.map((attempt) => toRunning(attempt, snapshot, now)),
    next: sequence.slice(0, maxNext).map(toNext),
    next_total: sequence.length,
    last_hour: lastHour,
  };
}

function toRunning(attempt: Attempt, snapshot: Snapshot, now: Date): GpuDetailView['running'][number] {
  const work = snapshot.workOf(attempt);
  const left = snapshot.remainingOf(attempt, work, now);
  return {
    job_id: attempt.jobId,
    task_id: attempt.taskId,
    attempt_id: attempt.id,
    attempt: attempt.n,
    workflow: work?.workflow ?? '',
    stage: shorten(attempt.progress?.stage ?? `Sent to ${attempt.gpu}`, 1_000),
    progress: attempt.progress?.percent ?? 0,
    since: attempt.dispatchedAt.toISOString(),
    remaining_seconds: left.unknown === undefined ? left.seconds : null,
    unknown: left.unknown ?? null,
  };
}

const toNext = ({ task, span }: Pick<Placement<WaitingTask>, 'task' | 'span'>): GpuDetailView['next'][number] => ({
  job_id: task.jobId,
  task_id: task.taskId,
  workflow: task.workflow,
  priority: priorityOf(task),
  start_in_seconds: span.startIn,
  finish_in_seconds: span.finishIn,
  low: span.low,
  high: span.high,
  basis: span.basis,
  unknown: span.unknown ?? null,
});

/** What measures a card stands behind every rank. */
function priorityOf({ rank, isCalibration }: WaitingTask): Priority {
  if (isCalibration) return 'low';
  const found = (Object.keys(rankOf) as Priority[]).find((priority) => rankOf[priority] === rank);
  if (found === undefined) throw new Error(`no priority has the rank ${rank}`);
  return found;
}
