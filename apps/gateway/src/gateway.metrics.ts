import { Injectable } from '@nestjs/common';
import { Metrics, secondsBuckets } from '@tower/kit';

@Injectable()
export class GatewayMetrics {
  readonly requestSeconds;
  readonly sockets;
  readonly feedSeq;
  readonly feedLagSeconds;
  readonly droppedProgress;
  readonly slowSocketsClosed;

  constructor(metrics: Metrics) {
    this.requestSeconds = metrics.histogram({ name: 'gateway_http_request_seconds', help: 'Seconds from the first byte of a request to the last of its answer', labelNames: ['method', 'route', 'status'], buckets: secondsBuckets });
    this.sockets = metrics.gauge({ name: 'gateway_sockets', help: 'Open websockets, by what they follow', labelNames: ['feed'] });
    this.feedSeq = metrics.gauge({ name: 'gateway_feed_seq', help: 'Number of the last event that was pushed to sockets' });
    this.feedLagSeconds = metrics.histogram({ name: 'gateway_feed_lag_seconds', help: 'Seconds from an event to its push to sockets', buckets: secondsBuckets });
    this.droppedProgress = metrics.counter({ name: 'gateway_progress_dropped_total', help: 'Progress messages not sent because a reader was too slow' });
    this.slowSocketsClosed = metrics.counter({ name: 'gateway_slow_sockets_closed_total', help: 'Sockets closed because their reader fell too far behind' });
  }
}
