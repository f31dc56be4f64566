import { heartbeatIntervalMs, heartbeatSubject, maxCheckDetail, type Heartbeat } from '@tower/contracts';
import { newId, shorten, towerVersion, type Clock, type Health } from '@tower/kit';
import type { BusConnection } from './connection';

/** Milliseconds. While a system starts, everybody waits for everybody's first good word. */
const firstIntervalMs = 400;
const firstForMs = 12_000;

/** Says every two seconds, and more often at first, that this process lives and how it is. */
export class Heartbeats {
  private timer: NodeJS.Timeout | undefined;
  private firstTimer: NodeJS.Timeout | undefined;
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
    const first = setInterval(() => void this.beat(), firstIntervalMs);
    this.firstTimer = first;
    setTimeout(() => clearInterval(first), firstForMs).unref();
  }

  /** The last beat says that the process leaves on purpose. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    clearInterval(this.firstTimer);
    await this.beat();
  }

  async beat(): Promise<void> {
    const { state, checks } = await this.health.report();
    const shortened = Object.fromEntries(
      Object.entries(checks).map(([name, check]) => [
        name,
        { ...check, detail: shorten(check.detail, maxCheckDetail) },
      ]),
    );
    const beat: Heartbeat = {
      service: this.service,
      instance: this.instance,
      pid: process.pid,
      version: towerVersion,
      started_at: this.startedAt,
      state,
      checks: shortened,
    };
    this.bus.publishHint(heartbeatSubject(this.service), beat);
  }
}
