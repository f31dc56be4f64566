import { Injectable } from '@nestjs/common';
import { Metrics, secondsBuckets } from '@tower/kit';

/** Made with the HTTP server, before there is an application to inject it. */
export class HttpMetrics {
  readonly requestSeconds = this.metrics.histogram({
    name: 'gateway_http_request_seconds',
    help: 'Seconds from the head of a request to the end of its answer',
    labels: {
      method: 'the HTTP method',
      route: 'the path of the route with its parameters by name; none where no route has it',
      status: 'the HTTP status',
    },
    buckets: secondsBuckets,
  });

  constructor(private readonly metrics: Metrics) {}
}

@Injectable()
export class FeedMetrics {
  readonly sockets = this.metrics.gauge({
    name: 'gateway_sockets',
    help: 'Open websockets, by what they follow',
    labels: { feed: ['all', 'job'] },
  });
  readonly position = this.metrics.gauge({
    name: 'gateway_feed_position',
    help: 'Number of the last event that sockets were told',
  });
  readonly lagSeconds = this.metrics.histogram({
    name: 'gateway_feed_lag_seconds',
    help: 'Seconds from an event to telling sockets',
    buckets: secondsBuckets,
  });
  readonly droppedProgress = this.metrics.counter({
    name: 'gateway_progress_dropped_total',
    help: 'Progress messages not sent because a reader was too slow',
  });
  readonly previews = this.metrics.counter({
    name: 'gateway_previews_sent_total',
    help: 'Step previews sent to readers that asked for them',
  });
  readonly droppedPreviews = this.metrics.counter({
    name: 'gateway_previews_dropped_total',
    help: 'Step previews not sent because a reader was too slow',
  });
  readonly slowSocketsClosed = this.metrics.counter({
    name: 'gateway_slow_sockets_closed_total',
    help: 'Sockets closed because their reader fell too far behind',
  });

  constructor(private readonly metrics: Metrics) {
    for (const feed of ['all', 'job'] as const) this.sockets.set({ feed }, 0);
  }
}
