import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable, Lease, NotificationListener, type LeaseTimes } from '@tower/db';
import { describeError, type Clock, type Logger } from '@tower/kit';
import type { JetStreamClient, PubAck } from 'nats';
import type { DataSource } from 'typeorm';
import type { BusMetrics } from './bus.metrics';
import type { BusConnection } from './connection';
import { repairHighWater } from './high-water';
import { ensureStreams } from './streams';

interface Waiting {
  id: string;
  stream: string;
  subject: string;
  msg_id: string;
  aggregate: string;
  payload: unknown;
}

/** More in flight only adds latency (stack study, section 5). */
const maxInFlight = 64;
const batchSize = 500;
/** Milliseconds; a lost notification delays an event by at most this. */
const pollMs = 200;
const publishTimeoutMs = 5_000;

/**
 * Sends what waits in a service's outbox. One relay per schema acts (a lease); events of one aggregate leave one after the other, others side
 * by side. A publish whose answer never came is repeated under the same message id, so the stream keeps one.
 */
export class OutboxRelay {
  private readonly lease: Lease;
  private readonly listener: NotificationListener;
  private readonly stopping = new AbortController();
  private woken = new AbortController();
  private loop: Promise<void> | undefined;
  private repairNeeded = true;
  private lastError: string | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly bus: BusConnection,
    private readonly metrics: BusMetrics,
    private readonly logger: Logger,
    options: { databaseUrl: string; schema: string; holder: string; clock: Clock; leaseTimes?: LeaseTimes },
  ) {
    this.lease = new Lease(db, 'outbox-relay', options.holder, options.clock, logger, options.leaseTimes);
    this.listener = new NotificationListener(options.databaseUrl, `outbox_${options.schema}`, () => this.wake(), logger);
  }

  start(): void {
    this.bus.onReconnect(() => {
      this.repairNeeded = true;
      this.wake();
    });
    this.lease.start(() => {
      this.repairNeeded = true;
      this.wake();
    });
    this.listener.start();
    this.loop = this.run();
  }

  /** Undefined while all is well. */
  trouble(): string | undefined {
    return this.lastError;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
    await this.listener.stop();
    await this.lease.stop();
  }

  private wake(): void {
    this.woken.abort();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.woken = new AbortController();
      let sent = 0;
      if (this.lease.held() !== undefined && this.bus.isConnected()) {
        try {
          if (this.repairNeeded) await this.repair();
          sent = await this.sendBatch();
          this.lastError = undefined;
        } catch (error) {
          this.lastError = describeError(error);
          if (!isDatabaseUnavailable(error)) this.logger.warn(`outbox relay: ${this.lastError}`);
          await sleep(250);
        }
      }
      if (sent < batchSize) await sleep(pollMs, undefined, { signal: this.woken.signal }).catch(() => undefined);
    }
  }

  private async repair(): Promise<void> {
    const manager = await this.bus.nats.jetstreamManager();
    await ensureStreams(manager);
    const again = await repairHighWater(this.db, manager);
    if (again > 0) this.logger.warn({ events: again }, 'the stream had lost events; sending them again');
    this.repairNeeded = false;
  }

  private async sendBatch(): Promise<number> {
    // Not "after the last id": ids of an identity column can become visible out of order.
    const rows: Waiting[] = await this.db.query('select id, stream, subject, msg_id, aggregate, payload from outbox where published_at is null order by id limit $1', [batchSize]);
    if (rows.length === 0) {
      this.metrics.outboxDepth.set(0);
      return 0;
    }
    this.metrics.outboxDepth.set(rows.length);
    const byAggregate = new Map<string, Waiting[]>();
    for (const row of rows) byAggregate.set(row.aggregate, [...(byAggregate.get(row.aggregate) ?? []), row]);
    const queues = [...byAggregate.values()];
    const jetstream = this.bus.nats.jetstream({ timeout: publishTimeoutMs });
    const worker = async (): Promise<void> => {
      for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
        for (const row of queue) {
          if (this.lease.held() === undefined || this.stopping.signal.aborted) return;
          await this.sendOne(jetstream, row);
        }
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: Math.min(maxInFlight, queues.length) }, worker));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return rows.length;
  }

  private async sendOne(jetstream: JetStreamClient, row: Waiting): Promise<void> {
    const ack = await this.publish(jetstream, row);
    this.metrics.published.inc({ stream: row.stream, duplicate: String(ack.duplicate) });
    await this.db.query('update outbox set published_at = clock_timestamp(), stream_seq = $2 where id = $1', [row.id, ack.seq]);
  }

  /** In-flight publishes are not rejected when the connection drops; waiting out their time-out would cost seconds at every blip. */
  private async publish(jetstream: JetStreamClient, row: Waiting): Promise<PubAck> {
    for (;;) {
      const reconnected = this.bus.nextReconnect();
      let onReconnect: () => void = () => undefined;
      const again = new Promise<'again'>((resolve) => {
        onReconnect = () => resolve('again');
        reconnected.addEventListener('abort', onReconnect, { once: true });
      });
      try {
        const sending = jetstream.publish(row.subject, JSON.stringify(row.payload), { msgID: row.msg_id, expect: { streamName: row.stream } });
        // Its late rejection must not count as unhandled when the reconnect wins the race.
        sending.catch((error: unknown) => this.logger.trace({ err: error }, 'a publish that was given up'));
        const outcome = await Promise.race([sending, again]);
        if (outcome !== 'again') return outcome;
      } finally {
        reconnected.removeEventListener('abort', onReconnect);
      }
    }
  }
}
