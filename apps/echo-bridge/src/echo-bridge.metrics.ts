import { Injectable } from '@nestjs/common';
import { Metrics } from '@tower/kit';

@Injectable()
export class EchoBridgeMetrics {
  readonly registered;
  readonly calls;

  constructor(metrics: Metrics) {
    this.registered = metrics.gauge({
      name: 'echo_bridge_registered',
      help: '1 while Echo knows this Tower as a worker',
    });
    this.calls = metrics.counter({
      name: 'echo_bridge_calls_total',
      help: 'Calls to Echo, by what and how they ended',
      labelNames: ['call', 'outcome'],
    });
    this.registered.set(0);
  }
}
