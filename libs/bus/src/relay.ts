import { isDatabaseUnavailable, Lease, NotificationListener, type LeaseTimes } from '@tower/db';
import { AppError, describeError, Loop, newId, type Clock, type Logger } from '@tower/kit';
import { ErrorCode, NatsError, type JetStreamClient, type PubAck } from 'nats';
import type { DataSource } from 'typeorm';
import type { BusMetrics } from './bus.metrics';
import type { BusConnection } from './connection';
import { repairStreams } from './stream-repair';

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
/**
 * Milliseconds; a lost notification delays an event by at most this. A connection that could lose one looks by itself
 * when it is back (`NotificationListener`), so this is the last resort, and each look is a transaction of an idle
 * system.
 */
const pollMs = 1_000;
const publishTimeoutMs = 5_000;
/** Milliseconds before the next try after a failure. */
const retryMs = 250;

/** What the client library refuses to send whenever it is tried. */
const neverSent = new Set<string>([
  ErrorCode.MaxPayloadExceeded,
  ErrorCode.BadPayload,
  ErrorCode.BadSubject,
  ErrorCode.BadHeader,
]);
/** JetStream's error code for a message that is larger than its stream takes. */
const messageTooLarge = 10054;

/** True when trying again would be refused again: it is about the message, not about the state of server or stream. */
function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  return neverSent.has(error.code) || error.api_error?.err_code === messageTooLarge;
}

/**
 * Sends what waits in a service's outbox. One relay per schema acts (a lease); events of one aggregate leave one
 * after the other, others side by side. A publish whose answer never came is repeated under the same message id, so
 * the stream keeps one. An event that the server would never take becomes a dead letter and stops nothing.
 */
export class OutboxRelay {
  private readonly lease: Lease;
  private readonly listener: NotificationListener;
  private readonly loop = new Loop();
  /**
   * Set whenever a stream may hold less than the outbox believes; nothing more is sent or noted until it has been
   * looked at.
   */
  private repairNeeded = true;
  private high = new Map<string, number>();
  private lastError: string | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly bus: BusConnection,
    private readonly metrics: BusMetrics,
    private readonly logger: Logger,
    options: { databaseUrl: string; schema: string; holder: string; clock: Clock; leaseTimes?: LeaseTimes },
  ) {
    this.lease = new Lease(db, 'outbox-relay', options.holder, options.clock, logger, options.leaseTimes);
    this.listener = new NotificationListener(
      options.databaseUrl,
      `outbox_${options.schema}`,
      () => this.loop.wake(),
      logger,
    );
  }

  start(): void {
    this.bus.onReconnect(() => this.distrust());
    this.lease.start(() => this.distrust());
    this.listener.start();
    this.loop.start(() => this.look());
  }

  /** The stream may have lost something: compares it with the outbox, now. */
  distrust(): void {
    this.repairNeeded = true;
    this.loop.wake();
  }

  /** Undefined while all is well. */
  trouble(): string | undefined {
    return this.lastError;
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await this.listener.stop();
    await this.lease.stop();
  }

  /** Sends a batch; a full one is followed by the next at once. */
  private async look(): Promise<number> {
    // Whoever sends knows how much waits; two processes saying so would count it twice.
    if (this.lease.held() === undefined) this.metrics.outboxDepth.set(0);
    if (this.lease.held() === undefined || !this.bus.isConnected()) return pollMs;
    try {
      if (this.repairNeeded) await this.repair();
      const sent = await this.sendBatch();
      this.lastError = undefined;
      return sent < batchSize ? pollMs : 0;
    } catch (error) {
      this.lastError = describeError(error);
      // A stream that refuses may be gone.
      this.repairNeeded = true;
      if (!isDatabaseUnavailable(error) && this.bus.isConnected()) this.logger.warn(`outbox relay: ${this.lastError}`);
      await this.loop.pause(retryMs);
      return 0;
    }
  }

  private async repair(): Promise<void> {
    // Before the work: a reconnect meanwhile asks for another one.
    this.repairNeeded = false;
    const manager = await this.bus.nats.jetstreamManager();
    await this.bus.ensureStreams();
    const { marked, high } = await repairStreams(this.db, manager);
    this.high = high;
    if (marked > 0) this.logger.warn({ events: marked }, 'the stream had lost events; sending them again');
  }

  private async sendBatch(): Promise<number> {
    // Not "after the last id": ids of an identity column can become visible out of order.
    const rows: Waiting[] = await this.db.query(
      'select id, stream, subject, msg_id, aggregate, payload from outbox ' +
        'where published_at is null order by id limit $1',
      [batchSize],
    );
    this.metrics.outboxDepth.set(rows.length < batchSize ? rows.length : await this.countWaiting());
    if (rows.length === 0) return 0;
    const byAggregate = new Map<string, Waiting[]>();
    for (const row of rows) byAggregate.set(row.aggregate, [...(byAggregate.get(row.aggregate) ?? []), row]);
    const queues = [...byAggregate.values()];
    const before = new Map(this.high);
    const jetstream = this.bus.nats.jetstream({ timeout: publishTimeoutMs });
    const worker = async (): Promise<void> => {
      for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
        for (const row of queue) {
          if (this.lease.held() === undefined || this.repairNeeded || this.loop.isStopping) return;
          await this.sendOne(jetstream, row, before.get(row.stream) ?? 0);
        }
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: Math.min(maxInFlight, queues.length) }, worker));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return rows.length;
  }

  private async countWaiting(): Promise<number> {
    const [row]: { waiting: string }[] = await this.db.query(
      'select count(*) as waiting from outbox where published_at is null',
    );
    return Number(row?.waiting);
  }

  private async sendOne(jetstream: JetStreamClient, row: Waiting, high: number): Promise<void> {
    const ack = await this.publish(jetstream, row).catch(async (error: unknown) => {
      if (!isRefusedForGood(error)) throw error;
      await this.giveUp(row, error);
      return undefined;
    });
    if (ack === undefined) return;
    // A new message with an old number: the stream was made anew, or went back. Noting the number would hide which
    // events it lost.
    if (!ack.duplicate && ack.seq <= high) this.repairNeeded = true;
    if (this.repairNeeded)
      throw new AppError(
        'unavailable',
        'stream_in_doubt',
        `stream ${row.stream} may have lost events; looking before sending more`,
      );
    this.metrics.published.inc({ stream: row.stream, duplicate: ack.duplicate ? 'true' : 'false' });
    await this.db.query('update outbox set published_at = clock_timestamp(), stream_seq = $2 where id = $1', [
      row.id,
      ack.seq,
    ]);
    this.high.set(row.stream, Math.max(this.high.get(row.stream) ?? 0, ack.seq));
  }

  /** Keeps it for a person as a dead letter of the reader `outbox`, numbered by its row, and lets the others go on. */
  private async giveUp(row: Waiting, error: unknown): Promise<void> {
    const reason =
      `the message server does not take it: ${describeError(error)} ` +
      `(${Buffer.byteLength(JSON.stringify(row.payload))} bytes)`;
    await this.db.query(
      `with given_up as (update outbox set published_at = clock_timestamp() where id = $1 and published_at is null
        returning id, stream, subject, payload)
       insert into dead_letter (id, stream, consumer, stream_seq, subject, reason, deliveries, payload)
       select $3, stream, 'outbox', id, subject, $2, 0, payload::text from given_up
       on conflict do nothing`,
      [row.id, reason, newId()],
    );
    this.metrics.givenUp.inc({ stream: row.stream });
    this.logger.error(
      { stream: row.stream, subject: row.subject, outboxId: row.id, reason },
      'an event can never be sent; stored as a dead letter',
    );
  }

  /**
   * In-flight publishes are not rejected when the connection drops; waiting out their time-out would cost seconds at
   * every blip. They are sent again after the repair that a reconnect asks for, not at once: a server that came back
   * with less would give them old numbers.
   */
  private async publish(jetstream: JetStreamClient, row: Waiting): Promise<PubAck> {
    const reconnected = this.bus.nextReconnect();
    let giveUp: () => void = () => undefined;
    const lost = new Promise<never>((_, reject) => {
      giveUp = () =>
        reject(new AppError('unavailable', 'nats_reconnected', 'the connection broke while an event was being sent'));
      reconnected.addEventListener('abort', giveUp, { once: true });
    });
    try {
      const sending = jetstream.publish(row.subject, JSON.stringify(row.payload), {
        msgID: row.msg_id,
        expect: { streamName: row.stream },
      });
      // Its late rejection must not count as unhandled when the reconnect wins the race.
      sending.catch((error: unknown) => this.logger.trace({ err: error }, 'a publish that was given up'));
      return await Promise.race([sending, lost]);
    } finally {
      reconnected.removeEventListener('abort', giveUp);
    }
  }
}
