import {
  heartbeatDeadlineMs,
  serviceNames,
  type Heartbeat,
  type HealthCheck,
  type ProcessView,
} from '@tower/contracts';

interface Seen {
  beat: Heartbeat;
  at: Date;
}

/** Milliseconds a vanished process is still shown beside one of the same name that lives. */
const forgetMs = 60_000;

/**
 * Processes that are remembered. Many more than there can be on one machine; whoever invents names must not fill the
 * memory.
 */
const maxSeen = 200;

/** Every service has to be there; the gateway is whoever asks. */
export const expectedServices = serviceNames;

/** Who was heard of on the bus, and when. */
export class ProcessTable {
  private readonly seen = new Map<string, Seen>();

  observe(beat: Heartbeat, at: Date): void {
    // Anew, so that the one heard of longest ago comes first.
    this.seen.delete(beat.instance);
    this.seen.set(beat.instance, { beat, at });
    for (const instance of this.seen.keys()) {
      if (this.seen.size <= maxSeen) break;
      this.seen.delete(instance);
    }
    for (const [instance, other] of this.seen)
      if (other.beat.service === beat.service && at.getTime() - other.at.getTime() > forgetMs)
        this.seen.delete(instance);
  }

  views(now: Date): ProcessView[] {
    const seen = [...this.seen.values()].filter((process) => !this.leftOnPurpose(process, now));
    const absent = expectedServices
      .filter((service) => !seen.some((process) => process.beat.service === service))
      .map(absentView);
    return [...seen.map((process) => toProcessView(process, now)), ...absent].sort(
      (a, b) => a.service.localeCompare(b.service) || (a.started_at ?? '').localeCompare(b.started_at ?? ''),
    );
  }

  /** One line per expected service: the best of its processes speaks for it. */
  parts(now: Date): Record<string, HealthCheck> {
    const views = this.views(now);
    return Object.fromEntries(
      expectedServices.map((service) => [service, partOf(views.filter((view) => view.service === service))]),
    );
  }

  /** It said so, and another of its name lives. */
  private leftOnPurpose(process: Seen, now: Date): boolean {
    if (process.beat.state !== 'stopping' || isAlive(process, now)) return false;
    return [...this.seen.values()].some((other) => other.beat.service === process.beat.service && isAlive(other, now));
  }
}

const isAlive = (process: Seen, now: Date): boolean => now.getTime() - process.at.getTime() <= heartbeatDeadlineMs;

function toProcessView(process: Seen, now: Date): ProcessView {
  const { beat, at } = process;
  const alive = isAlive(process, now);
  return {
    service: beat.service,
    state: alive ? beat.state : 'down',
    pid: beat.pid,
    version: beat.version,
    started_at: beat.started_at,
    uptime_seconds: alive ? Math.max(0, Math.round((now.getTime() - Date.parse(beat.started_at)) / 1000)) : null,
    last_seen_at: at.toISOString(),
    checks: beat.checks,
  };
}

const absentView = (service: string): ProcessView => ({
  service,
  state: 'down',
  pid: null,
  version: null,
  started_at: null,
  uptime_seconds: null,
  last_seen_at: null,
  checks: {},
});

function partOf(views: ProcessView[]): HealthCheck {
  const ready = views.find((view) => view.state === 'ready');
  if (ready) return readyPart(ready);
  const best = views.find((view) => view.state !== 'down') ?? views.at(-1);
  if (best === undefined || best.last_seen_at === null) return { ok: false, detail: 'has not been heard of' };
  if (best.state === 'down') return { ok: false, detail: `last heard of at ${best.last_seen_at}` };
  const failing = Object.entries(best.checks)
    .filter(([, check]) => !check.ok)
    .map(([name, check]) => `${name}: ${check.detail}`);
  return { ok: false, detail: [best.state, ...failing].join('; ') };
}

/** Works; what needs a person all the same is said. */
function readyPart({ checks }: ProcessView): HealthCheck {
  const degraded = Object.entries(checks)
    .filter(([, check]) => check.degraded)
    .map(([name, check]) => `${name}: ${check.detail}`);
  return degraded.length === 0
    ? { ok: true, detail: 'ready' }
    : { ok: true, degraded: true, detail: ['ready', ...degraded].join('; ') };
}
