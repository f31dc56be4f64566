import { deadLetterStream } from '@tower/contracts';
import { describeError, newId, type Logger } from '@tower/kit';
import { AckPolicy, DeliverPolicy, nanos, type JsMsg } from 'nats';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { BusConnection } from './connection';
import { DurableConsumer } from './durable-consumer';
import { jsonOf } from './question';
import { deadLetterFilter, messageAt } from './streams';

const advisoryShape = z.object({
  stream: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/),
  consumer: z.string().max(200),
  stream_seq: z.int().min(1),
  deliveries: z.int(),
  reason: z.string().max(2_000).optional(),
});
type Advisory = z.infer<typeof advisoryShape>;

/**
 * Keeps what this service's consumers could not handle: the server's advisories (too many deliveries, terminated) name
 * the message, which is fetched and stored with its reason. Advisories come from a stream, so a crash between giving up
 * and storing loses nothing.
 */
export class DeadLetters {
  private readonly pull: DurableConsumer;
  private readonly inHand = new Set<Promise<void>>();

  constructor(
    service: string,
    private readonly db: DataSource,
    private readonly bus: BusConnection,
    private readonly logger: Logger,
  ) {
    this.pull = new DurableConsumer(
      bus,
      deadLetterStream,
      {
        durable_name: service,
        filter_subject: deadLetterFilter(service),
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ack_wait: nanos(30_000),
        max_ack_pending: 16,
      },
      (message) => {
        const work: Promise<void> = this.handle(message).finally(() => this.inHand.delete(work));
        this.inHand.add(work);
      },
      logger,
    );
  }

  start(): void {
    this.pull.start();
  }

  async stop(): Promise<void> {
    await this.pull.stop();
    await Promise.all(this.inHand);
  }

  /** Never rejects: what could not be stored comes again. */
  private async handle(message: JsMsg): Promise<void> {
    try {
      const advisory = advisoryShape.safeParse(jsonOf(message.data));
      if (advisory.success) await this.store(advisory.data);
      else this.logger.warn({ subject: message.subject, seq: message.seq }, 'an advisory that is none');
      message.ack();
    } catch (error) {
      this.logger.warn(`storing a dead letter, will try again: ${describeError(error)}`);
      if (this.bus.isConnected()) message.nak(1_000);
    }
  }

  private async store(advisory: Advisory): Promise<void> {
    const { stream, consumer, stream_seq: seq, deliveries } = advisory;
    const lost = await messageAt(await this.bus.nats.jetstreamManager(), stream, seq);
    const reason = advisory.reason ?? `not handled after ${deliveries} deliveries`;
    // The stream may have let go of the message meanwhile; that it was lost is still worth knowing.
    const { subject, payload } =
      lost === undefined ? { subject: '', payload: '' } : { subject: lost.subject, payload: lost.string() };
    const inserted: unknown[] = await this.db.query(
      `insert into dead_letter (stream, consumer, stream_seq, subject, reason, deliveries, payload, id) values ($1, $2,
        $3, $4, $5, $6, $7, $8)
       on conflict do nothing returning 1`,
      // PostgreSQL text has no NUL; a message that is not text may.
      [stream, consumer, seq, subject, reason, deliveries, payload.replaceAll('\u0000', '\ufffd'), newId()],
    );
    if (inserted.length > 0) this.logger.error({ stream, seq, subject, reason }, 'stored a dead letter');
  }
}
