import { Injectable } from '@nestjs/common';
import { Metrics, secondsBuckets } from '@tower/kit';

/** Made with the HTTP server, before there is an application to inject it. */
export class HttpMetrics {
  readonly requestSeconds;

  constructor(metrics: Metrics) {
    this.requestSeconds = metrics.histogram({
      name: 'gateway_http_request_seconds',
      help: 'Seconds from the head of a request to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: secondsBuckets,
    });
  }
}

@Injectable()
export class FeedMetrics {
  readonly sockets;
  readonly position;
  readonly lagSeconds;
  readonly droppedProgress;
  readonly slowSocketsClosed;

  constructor(metrics: Metrics) {
    this.sockets = metrics.gauge({
      name: 'gateway_sockets',
      help: 'Open websockets, by what they follow',
      labelNames: ['feed'],
    });
    for (const feed of ['all', 'job']) this.sockets.set({ feed }, 0);
    this.position = metrics.gauge({
      name: 'gateway_feed_position',
      help: 'Number of the last event that sockets were told',
    });
    this.lagSeconds = metrics.histogram({
      name: 'gateway_feed_lag_seconds',
      help: 'Seconds from an event to telling sockets',
      buckets: secondsBuckets,
    });
    this.droppedProgress = metrics.counter({
      name: 'gateway_progress_dropped_total',
      help: 'Progress messages not sent because a reader was too slow',
    });
    this.slowSocketsClosed = metrics.counter({
      name: 'gateway_slow_sockets_closed_total',
      help: 'Sockets closed because their reader fell too far behind',
    });
  }
}
