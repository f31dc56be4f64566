import { heartbeatIntervalMs, heartbeatSubject, type Heartbeat } from '@tower/contracts';
import { newId, towerVersion, type Clock, type Health } from '@tower/kit';
import type { BusConnection } from './connection';

/** Says every two seconds that this process lives and how it is. */
export class Heartbeats {
  private timer: NodeJS.Timeout | undefined;
  private readonly instance = newId();
  private readonly startedAt: string;

  constructor(
    private readonly service: string,
    private readonly bus: BusConnection,
    private readonly health: Health,
    clock: Clock,
  ) {
    this.startedAt = clock.now().toISOString();
  }

  start(): void {
    void this.beat();
    this.timer = setInterval(() => void this.beat(), heartbeatIntervalMs);
  }

  /** The last beat says that the process leaves on purpose. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.beat();
  }

  async beat(): Promise<void> {
    const report = await this.health.report();
    const beat: Heartbeat = { service: this.service, instance: this.instance, pid: process.pid, version: towerVersion, started_at: this.startedAt, ...report };
    this.bus.publishHint(heartbeatSubject(this.service), beat);
  }
}
