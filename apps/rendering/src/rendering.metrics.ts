import { Injectable } from '@nestjs/common';
import { failureKinds } from '@tower/comfyui';
import { jobType, priority, workKind } from '@tower/contracts';
import { Metrics, secondsBuckets } from '@tower/kit';
import { graphSteps, otherSteps } from './workflows/composition';

const gpu = 'the name of a card in the configuration';

/** How an attempt ends on a card, as it is counted: by what it made, or the kind of its failure. */
const attemptOutcomes = ['rendered', 'rendered_and_found', 'lost', 'displaced', 'taken_back', ...failureKinds] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** How a deadline stands when it is asked for. */
export const deadlineOutcomes = ['fits', 'given_up', 'late', 'unknown', 'refused'] as const;

/** Seconds: looks take milliseconds. */
const lookBuckets = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1, 5];

/** Seconds: a job is begun at once, or after all that waits before it. */
const waitBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 1_800, 3_600, 10_800, 43_200];

/** What an estimate that is judged was of; cold: files of its models had to be loaded. */
const judged = { work: workKind.options, gpu, cold: ['yes', 'no'] } as const;

@Injectable()
export class RenderingMetrics {
  readonly leader = this.metrics.gauge({
    name: 'rendering_scheduler_leader',
    help: '1 while this process gives out work',
  });
  readonly queued = this.metrics.gauge({ name: 'rendering_tasks_queued', help: 'Tasks that wait for a card' });
  readonly paused = this.metrics.gauge({
    name: 'rendering_queue_paused',
    help: '1 while a person has paused the queue',
  });
  readonly drained = this.metrics.gauge({
    name: 'rendering_gpu_drained',
    help: '1 while a person has taken a card out of use',
    labels: { gpu },
  });
  readonly takesWork = this.metrics.gauge({
    name: 'rendering_gpu_takes_work',
    help: '1 while a card answers, is well, and nobody took it out of use',
    labels: { gpu },
  });
  readonly memoryMb = this.metrics.gauge({
    name: 'rendering_gpu_memory_megabytes',
    help: 'Megabytes (MiB) of video memory, as configured or as the server says; not told while unknown',
    labels: { gpu },
  });
  readonly memoryFreeMb = this.metrics.gauge({
    name: 'rendering_gpu_memory_free_megabytes',
    help: 'Megabytes (MiB) of video memory that were free at the last look, as the server says; not told while unknown',
    labels: { gpu },
  });
  readonly claimedMb = this.metrics.gauge({
    name: 'rendering_gpu_claimed_megabytes',
    help: 'Megabytes (MiB) of a card that other programs claim',
    labels: { gpu },
  });
  readonly busyShare = this.metrics.gauge({
    name: 'rendering_gpu_busy_share',
    help: 'Share of the last hour in which a card had an attempt',
    labels: { gpu },
  });
  readonly idleWithWork = this.metrics.gauge({
    name: 'rendering_gpu_idle_with_work_seconds',
    help: 'Seconds of the last hour in which a card had nothing while a task that it took afterwards was waiting',
    labels: { gpu },
  });
  readonly modelSwaps = this.metrics.gauge({
    name: 'rendering_gpu_model_swaps',
    help: 'Times in the last hour that another checkpoint followed on a card; not told where workflows name none',
    labels: { gpu },
  });
  readonly uploads = this.metrics.counter({
    name: 'rendering_uploads_total',
    help: 'Files that people sent, by what became of them',
    labels: { outcome: ['kept', 'known', 'refused'] },
  });
  readonly uploadedBytes = this.metrics.counter({
    name: 'rendering_upload_bytes_total',
    help: 'Bytes of uploads that were kept',
  });
  readonly uploadsDeleted = this.metrics.counter({
    name: 'rendering_uploads_deleted_total',
    help: 'Uploads that were deleted because no job named them in time',
  });
  readonly decisions = this.metrics.counter({
    name: 'rendering_decisions_total',
    help: 'Decisions of the planner that were worth keeping, by what became of their record',
    labels: { outcome: ['kept', 'too_large', 'lost'] },
  });
  readonly decisionBytes = this.metrics.histogram({
    name: 'rendering_decision_bytes',
    help: 'Size of the record of a decision, packed',
    buckets: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000],
  });
  readonly posted = this.metrics.counter({
    name: 'rendering_prompts_posted_total',
    help: 'Prompts sent, by what the server answered',
    labels: { gpu, outcome: ['accepted', 'refused', 'unreachable', 'unknown'] },
  });
  readonly prefetched = this.metrics.counter({
    name: 'rendering_prompts_ahead_total',
    help: 'Prompts that were sent to a card while it worked on another one, by what became of them before they began',
    labels: { gpu, outcome: ['began', 'taken_back'] },
  });
  readonly attempts = this.metrics.counter({
    name: 'rendering_attempts_ended_total',
    help: 'Attempts that ended on a card, by how',
    labels: { gpu, outcome: attemptOutcomes },
  });
  readonly zombies = this.metrics.counter({
    name: 'rendering_zombie_prompts_total',
    help: 'Prompts of ours without a live attempt that were taken off a card',
    labels: { gpu },
  });
  readonly recoverySteps = this.metrics.counter({
    name: 'rendering_recovery_steps_total',
    help: 'Steps of the recovery ladder, by what failed and what came next',
    labels: {
      gpu: `${gpu}; none where no card could even be given the task`,
      because: failureKinds,
      step: [...graphSteps, ...otherSteps, 'give_up'],
    },
  });
  readonly quarantines = this.metrics.counter({
    name: 'rendering_gpu_quarantines_total',
    help: 'Times that a card was taken out of service, by why',
    labels: { gpu, kind: ['needs_restart', 'quarantined'] },
  });
  readonly restarts = this.metrics.counter({
    name: 'rendering_gpu_restarts_total',
    help: 'Runs of a restart command, by how they ended',
    labels: { gpu, outcome: ['ok', 'failed'] },
  });
  readonly previewsDropped = this.metrics.counter({
    name: 'rendering_previews_dropped_total',
    help: 'Step previews that were not passed on: a newer one came before their turn, or they were too large',
    labels: { gpu, reason: ['overtaken', 'too_large'] },
  });
  readonly previews = this.metrics.counter({
    name: 'rendering_previews_total',
    help: 'Step previews that a card sent',
    labels: { gpu },
  });
  readonly deafSockets = this.metrics.counter({
    name: 'rendering_deaf_sockets_total',
    help: 'Connections to a card that heard nothing and were made anew',
    labels: { gpu },
  });
  readonly sockets = this.metrics.gauge({
    name: 'rendering_gpu_socket_open',
    help: '1 while the WebSocket of a card is open, 0 while progress is not heard',
    labels: { gpu },
  });
  readonly verdictsAsked = this.metrics.counter({
    name: 'rendering_verdicts_asked_total',
    help: 'Overdue verdicts that quality was asked for, by what came of it',
    labels: { outcome: ['found', 'waits', 'announced_again', 'given_up', 'no_answer'] },
  });
  readonly attemptSeconds = this.metrics.histogram({
    name: 'rendering_attempt_seconds',
    help: 'Seconds that rendering took on the card',
    labels: { gpu },
    buckets: secondsBuckets,
  });
  readonly collectSeconds = this.metrics.histogram({
    name: 'rendering_collect_seconds',
    help: 'Seconds to fetch, verify and register the outputs of an attempt',
    buckets: secondsBuckets,
  });
  readonly jobsEnded = this.metrics.counter({
    name: 'rendering_jobs_ended_total',
    help: 'Jobs that are over, by how they ended',
    labels: { state: ['completed', 'rejected', 'failed', 'timeout', 'cancelled'], job_type: jobType.options },
  });
  readonly queueWaitSeconds = this.metrics.histogram({
    name: 'rendering_queue_wait_seconds',
    help: 'Seconds from a request until the first attempt of its job was given to a card',
    labels: { priority: priority.options },
    buckets: waitBuckets,
  });
  readonly deadlinesAsked = this.metrics.counter({
    name: 'rendering_deadlines_asked_total',
    help: 'Requests with a time budget or a deadline: in time as asked, in time for less, late, unknown, or refused',
    labels: { outcome: deadlineOutcomes },
  });
  readonly deadlinesEnded = this.metrics.counter({
    name: 'rendering_deadlines_ended_total',
    help: 'Jobs with a deadline that are over and were not cancelled: completed by then, or not',
    labels: { outcome: ['kept', 'missed'] },
  });
  readonly calibrationJobs = this.metrics.counter({
    name: 'rendering_calibration_jobs_total',
    help: 'Jobs that were asked for to measure a card',
    labels: { gpu },
  });
  readonly estimatesAsked = this.metrics.counter({
    name: 'rendering_estimates_asked_total',
    help: 'Requests whose time was asked for without making anything',
  });
  readonly planningSeconds = this.metrics.histogram({
    name: 'rendering_planning_seconds',
    help: 'Seconds of a look with an idle card and waiting work until it is known what starts where, reading included',
    buckets: lookBuckets,
  });
  readonly bookingSeconds = this.metrics.histogram({
    name: 'rendering_booking_seconds',
    help: 'Seconds from the beginning of such a look until an attempt is written and its prompt on its way',
    buckets: lookBuckets,
  });
  readonly estimateError = this.metrics.histogram({
    name: 'rendering_estimate_relative_error_ratio',
    help: 'How far the estimate of an attempt was off: |actual − estimate| / actual',
    labels: judged,
    buckets: [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5],
  });
  readonly estimatesJudged = this.metrics.counter({
    name: 'rendering_estimates_judged_total',
    help: 'Attempts whose estimate could be compared with what they took',
    labels: judged,
  });
  readonly estimatesNear = this.metrics.counter({
    name: 'rendering_estimates_within_fifth_total',
    help: 'Of these, attempts that took what was estimated, give or take 20 % of what they took',
    labels: judged,
  });
  readonly estimatesInInterval = this.metrics.counter({
    name: 'rendering_estimates_in_interval_total',
    help: 'Of these, attempts that took a time within the interval that was stated',
    labels: judged,
  });

  constructor(private readonly metrics: Metrics) {}
}
