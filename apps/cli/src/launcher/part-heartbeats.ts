import { BusConnection } from '@tower/bus';
import { heartbeatIntervalMs, heartbeatSubject, maxCheckDetail, type Heartbeat } from '@tower/contracts';
import { describeError, newId, shorten, towerVersion, type Clock, type Logger } from '@tower/kit';
import type { Supervisor } from './supervisor';

/**
 * Speaks on the bus for the launcher and for the processes that cannot do it themselves. One that does not run says
 * nothing, and so counts as down.
 */
export class PartHeartbeats {
  private bus: BusConnection | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly opened: Promise<void>;
  private readonly instance = newId();
  private readonly startedAt: string;
  private readonly stopping = new AbortController();
  private state: 'ready' | 'stopping' = 'ready';

  constructor(
    natsUrl: string,
    private readonly supervisors: readonly Supervisor[],
    logger: Logger,
    clock: Clock,
  ) {
    this.startedAt = clock.now().toISOString();
    this.opened = BusConnection.open(natsUrl, 'launcher', logger, this.stopping.signal)
      .then((bus) => {
        this.bus = bus;
        this.beat();
      })
      .catch((error: unknown) => {
        if (!this.stopping.signal.aborted) logger.error(`saying on NATS which processes live: ${describeError(error)}`);
      });
    this.timer = setInterval(() => this.beat(), heartbeatIntervalMs);
  }

  /** While NATS still runs: the last beats leave before the connection closes. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.state = 'stopping';
    this.beat();
    // Not opened yet: nobody is there to hear anything. Without a server it never is.
    this.stopping.abort();
    const closed = this.opened.then(() => this.bus?.close()).catch(() => undefined);
    if (this.bus !== undefined) await closed;
  }

  private beat(): void {
    for (const beat of [this.launcherBeat(), ...this.supervisors.flatMap((supervisor) => partBeat(supervisor) ?? [])])
      this.bus?.publishHint(heartbeatSubject(beat.service), beat);
  }

  private launcherBeat(): Heartbeat {
    const checks = this.supervisors.map((supervisor) => {
      const check = {
        ok: supervisor.incarnation() !== undefined,
        detail: shorten(supervisor.describe(), maxCheckDetail),
      };
      return [supervisor.part.name, check] as const;
    });
    return {
      service: 'launcher',
      instance: this.instance,
      pid: process.pid,
      version: towerVersion,
      started_at: this.startedAt,
      state: this.state,
      checks: Object.fromEntries(checks),
    };
  }
}

function partBeat(supervisor: Supervisor): Heartbeat | undefined {
  const { part } = supervisor;
  const incarnation = supervisor.incarnation();
  if (part.hasHeartbeat || incarnation === undefined) return undefined;
  const isReady = incarnation.readyAtMs !== undefined;
  return {
    service: part.name,
    instance: incarnation.instance,
    pid: incarnation.running.pid,
    version: part.version,
    started_at: incarnation.startedAt.toISOString(),
    state: isReady ? 'ready' : 'starting',
    checks: {
      process: { ok: isReady, detail: shorten(supervisor.describe(), maxCheckDetail) },
      ...(part.warning === undefined ? {} : { version: { ok: false, detail: shorten(part.warning, maxCheckDetail) } }),
    },
  };
}
