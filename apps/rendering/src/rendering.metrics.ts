import { Injectable } from '@nestjs/common';
import { Metrics, secondsBuckets } from '@tower/kit';

@Injectable()
export class RenderingMetrics {
  readonly leader;
  readonly queued;
  readonly posted;
  readonly attempts;
  readonly zombies;
  readonly recoverySteps;
  readonly quarantines;
  readonly restarts;
  readonly previews;
  readonly deafSockets;
  readonly sockets;
  readonly verdictsAsked;
  readonly attemptSeconds;
  readonly collectSeconds;
  readonly estimateError;

  constructor(metrics: Metrics) {
    this.leader = metrics.gauge({ name: 'rendering_scheduler_leader', help: '1 while this process gives out work' });
    this.queued = metrics.gauge({ name: 'rendering_tasks_queued', help: 'Tasks that wait for a card' });
    this.posted = metrics.counter({
      name: 'rendering_prompts_posted_total',
      help: 'Prompts sent, by what the server answered',
      labelNames: ['gpu', 'outcome'],
    });
    this.attempts = metrics.counter({
      name: 'rendering_attempts_ended_total',
      help: 'Attempts that ended on a card, by how',
      labelNames: ['gpu', 'outcome'],
    });
    this.zombies = metrics.counter({
      name: 'rendering_zombie_prompts_total',
      help: 'Prompts of ours without a live attempt that were taken off a card',
      labelNames: ['gpu'],
    });
    this.recoverySteps = metrics.counter({
      name: 'rendering_recovery_steps_total',
      help: 'Steps of the recovery ladder, by what failed and what came next',
      labelNames: ['gpu', 'because', 'step'],
    });
    this.quarantines = metrics.counter({
      name: 'rendering_gpu_quarantines_total',
      help: 'Times that a card was taken out of service, by why',
      labelNames: ['gpu', 'kind'],
    });
    this.restarts = metrics.counter({
      name: 'rendering_gpu_restarts_total',
      help: 'Runs of a restart command, by how they ended',
      labelNames: ['gpu', 'outcome'],
    });
    this.previews = metrics.counter({
      name: 'rendering_previews_total',
      help: 'Step previews that a card sent',
      labelNames: ['gpu'],
    });
    this.deafSockets = metrics.counter({
      name: 'rendering_deaf_sockets_total',
      help: 'Connections to a card that heard nothing and were made anew',
      labelNames: ['gpu'],
    });
    this.sockets = metrics.gauge({
      name: 'rendering_gpu_socket_open',
      help: '1 while the WebSocket of a card is open, 0 while progress is not heard',
      labelNames: ['gpu'],
    });
    this.verdictsAsked = metrics.counter({
      name: 'rendering_verdicts_asked_total',
      help: 'Overdue verdicts that quality was asked for, by what came of it',
      labelNames: ['outcome'],
    });
    this.attemptSeconds = metrics.histogram({
      name: 'rendering_attempt_seconds',
      help: 'Seconds that rendering took on the card',
      labelNames: ['gpu'],
      buckets: secondsBuckets,
    });
    this.collectSeconds = metrics.histogram({
      name: 'rendering_collect_seconds',
      help: 'Seconds to fetch, verify and register the outputs of an attempt',
      buckets: secondsBuckets,
    });
    this.estimateError = metrics.histogram({
      name: 'rendering_estimate_error_ratio',
      help: 'Absolute error of the estimate, as a share of it',
      labelNames: ['gpu'],
      buckets: [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5],
    });
  }
}
