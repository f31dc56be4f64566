import type { Metrics } from '@tower/kit';
import { ownPlaceNames } from './own-fault';

/** Declared by the one watch of a process. */
export class DiskMetrics {
  readonly free = this.metrics.gauge({
    name: 'tower_disk_free_bytes',
    help: 'Bytes free where Tower itself writes',
    labels: { place: ownPlaceNames },
  });
  readonly needed = this.metrics.gauge({
    name: 'tower_disk_needed_bytes',
    help: 'Bytes that have to be free there for work to go on',
    labels: { place: ownPlaceNames },
  });

  constructor(private readonly metrics: Metrics) {}
}
