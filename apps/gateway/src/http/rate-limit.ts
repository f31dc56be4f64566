import { AppError, type Clock } from '@tower/kit';

/** Seconds' worth of requests that a client may send at once after a pause: a page of pictures asks for them all. */
const burstSeconds = 5;
/** Clients that are remembered; the one that was quiet for longest is forgotten first, and starts anew. */
const maxClients = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** So many requests per second for each client address, so that one that asks in a circle leaves room for others. */
export class RateLimit {
  /** In the order of their last request. */
  private readonly buckets = new Map<string, Bucket>();

  /** `perSecond` of 0 sets no limit. */
  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock,
  ) {}

  /** Counts a request; throws `too_many_requests` with the time to come back when this client has sent too many. */
  count(client: string): void {
    if (this.perSecond === 0) return;
    const capacity = Math.max(1, this.perSecond * burstSeconds);
    const nowMs = this.clock.monotonicMs();
    const before = this.buckets.get(client) ?? { tokens: capacity, atMs: nowMs };
    const tokens = Math.min(capacity, before.tokens + ((nowMs - before.atMs) / 1000) * this.perSecond);
    const isRefused = tokens < 1;
    this.buckets.delete(client);
    this.buckets.set(client, { tokens: isRefused ? tokens : tokens - 1, atMs: nowMs });
    if (this.buckets.size > maxClients) this.forgetOldest();
    if (!isRefused) return;
    throw new AppError(
      'too_many',
      'too_many_requests',
      `this address sends more than the ${this.perSecond} requests per second ` +
        `of TOWER_RATE_LIMIT; come back in a moment`,
      {
        retryAfterMs: ((1 - tokens) / this.perSecond) * 1000,
      },
    );
  }

  private forgetOldest(): void {
    const oldest = this.buckets.keys().next();
    if (oldest.done !== true) this.buckets.delete(oldest.value);
  }
}
