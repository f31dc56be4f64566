import { Injectable } from '@nestjs/common';
import { Metrics } from '@tower/kit';

@Injectable()
export class EchoBridgeMetrics {
  readonly registered = this.metrics.gauge({
    name: 'echo_bridge_registered',
    help: '1 while Echo knows this Tower as a worker',
  });
  readonly calls = this.metrics.counter({
    name: 'echo_bridge_calls_total',
    help: 'Calls to Echo, by what and how they ended',
    labels: { call: ['register', 'heartbeat', 'unregister'], outcome: 'ok, the code of an error, or error' },
  });

  constructor(private readonly metrics: Metrics) {
    this.registered.set(0);
  }
}
