import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterStream } from '@tower/contracts';
import { describeError, type Logger } from '@tower/kit';
import { AckPolicy, DeliverPolicy, nanos, type ConsumerMessages, type JetStreamManager, type JsMsg } from 'nats';
import type { DataSource } from 'typeorm';
import type { BusConnection } from './connection';
import { ensureStreams } from './streams';

interface Advisory {
  stream: string;
  consumer: string;
  stream_seq: number;
  deliveries: number;
  reason?: string;
}

/**
 * Keeps what this service's consumers could not handle: the server's advisories (too many deliveries, terminated) name the message, which is
 * fetched and stored with its reason. Advisories come from a stream, so a crash between giving up and storing loses nothing.
 */
export class DeadLetters {
  private readonly stopping = new AbortController();
  private messages: ConsumerMessages | undefined;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly service: string,
    private readonly db: DataSource,
    private readonly bus: BusConnection,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.messages?.close();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.read();
      } catch (error) {
        this.logger.warn(`reading dead letters: ${describeError(error)}`);
      }
      await sleep(1_000, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async read(): Promise<void> {
    const manager = await this.bus.nats.jetstreamManager();
    await ensureStreams(manager);
    await manager.consumers.add(deadLetterStream, {
      durable_name: this.service,
      // …ADVISORY.CONSUMER.<kind>.<stream>.<consumer>; our consumers are named after the reader.
      filter_subject: `$JS.EVENT.ADVISORY.CONSUMER.*.*.${this.service}`,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(10_000),
    });
    const consumer = await this.bus.nats.jetstream().consumers.get(deadLetterStream, this.service);
    this.messages = await consumer.consume({ max_messages: 16 });
    for await (const message of this.messages) await this.handle(manager, message);
  }

  private async handle(manager: JetStreamManager, message: JsMsg): Promise<void> {
    try {
      await this.store(manager, message.json<Advisory>());
      message.ack();
    } catch (error) {
      this.logger.warn(`storing a dead letter: ${describeError(error)}`);
      message.nak(1_000);
    }
  }

  private async store(manager: JetStreamManager, advisory: Advisory): Promise<void> {
    const lost = await manager.streams.getMessage(advisory.stream, { seq: advisory.stream_seq });
    const reason = advisory.reason ?? `not handled after ${advisory.deliveries} deliveries`;
    await this.db.query(
      `insert into dead_letter (stream, consumer, stream_seq, subject, reason, deliveries, payload) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
      [advisory.stream, advisory.consumer, advisory.stream_seq, lost.subject, reason, advisory.deliveries, lost.string()],
    );
    this.logger.error({ stream: advisory.stream, seq: advisory.stream_seq, subject: lost.subject, reason }, 'stored a dead letter');
  }
}
