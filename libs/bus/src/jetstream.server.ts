import { setTimeout as sleep } from 'node:timers/promises';
import { CustomTransportStrategy, Server, type MessageHandler } from '@nestjs/microservices';
import { topology, type ServiceName } from '@tower/contracts';
import { describeError, type Logger } from '@tower/kit';
import { AckPolicy, ConsumerEvents, DeliverPolicy, nanos, type ConsumerConfig, type ConsumerMessages, type JetStreamManager, type JsMsg } from 'nats';
import { isObservable, lastValueFrom } from 'rxjs';
import type { BusMetrics } from './bus.metrics';
import type { BusConnection } from './connection';
import { decide, deliveryOf, maxDeliveries } from './delivery';
import { JETSTREAM, type ConsumerOptions } from './on-event';
import { ensureStreams, streamOfSubject } from './streams';

/** Milliseconds until an unacknowledged message is delivered again; long handlers extend it every third of that. */
const ackWaitMs = 15_000;

/** JetStream error code for a consumer that exists with another configuration. */
const consumerExists = 10148;

interface Reader {
  stream: string;
  durable: string;
  concurrency: number;
  handlers: Map<string, MessageHandler>;
}

/**
 * Nest transport for events and commands on JetStream: durable pull consumers, acknowledged after the handler resolved (and so after its
 * commit), retried with delays, dead-lettered by termination. Handlers are declared with `@OnEvent` and `@OnCommand`.
 */
export class JetStreamServer extends Server implements CustomTransportStrategy {
  override readonly transportId = JETSTREAM;
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly open = new Set<ConsumerMessages>();

  constructor(
    private readonly service: ServiceName,
    private readonly bus: BusConnection,
    private readonly metrics: BusMetrics,
    private readonly log: Logger,
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      this.requireEveryHandler();
      for (const reader of this.readers()) this.loops.push(this.readForEver(reader));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.open].map((messages) => messages.close()));
    await Promise.all(this.loops);
  }

  override on(): never {
    throw new Error('the JetStream transport reports its state through health and metrics, not through events');
  }

  override unwrap<T>(): T {
    return this.bus.nats as T;
  }

  /** A listed message without a handler would wait for ever, and one with two would be handled by chance. */
  private requireEveryHandler(): void {
    const { consumes, commands } = topology[this.service];
    const expected = new Set([...consumes.map((event) => event.filter), ...commands.map((command) => command.subject)]);
    for (const pattern of expected) {
      const handler = this.messageHandlers.get(pattern);
      if (handler === undefined) throw new Error(`${this.service} is listed as a reader of ${pattern} but has no handler for it`);
      if (handler.next !== undefined) throw new Error(`${this.service} has two handlers for ${pattern}`);
    }
    for (const pattern of this.messageHandlers.keys()) if (!expected.has(pattern)) throw new Error(`${this.service} handles ${pattern} but the topology does not list it`);
  }

  private readers(): Reader[] {
    const readers = new Map<string, Reader>();
    for (const [pattern, handler] of this.messageHandlers) {
      const options = handler.extras as ConsumerOptions;
      const stream = streamOfSubject(pattern);
      const key = `${stream}/${options.durable}`;
      const reader = readers.get(key) ?? { stream, durable: options.durable, concurrency: options.concurrency ?? 1, handlers: new Map() };
      reader.handlers.set(pattern, handler);
      readers.set(key, reader);
    }
    return [...readers.values()];
  }

  private async readForEver(reader: Reader): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.read(reader);
      } catch (error) {
        this.log.warn({ stream: reader.stream, durable: reader.durable }, `reading: ${describeError(error)}`);
      }
      await sleep(500, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** Reads until the consumer has to be rebuilt. */
  private async read(reader: Reader): Promise<void> {
    const manager = await this.bus.nats.jetstreamManager();
    await ensureStreams(manager);
    await ensureConsumer(manager, reader);
    const consumer = await this.bus.nats.jetstream().consumers.get(reader.stream, reader.durable);
    const messages = await consumer.consume({ max_messages: Math.max(8, reader.concurrency * 4) });
    this.open.add(messages);
    void this.closeWhenBroken(messages, reader);
    const inHand = new Set<Promise<void>>();
    try {
      for await (const message of messages) {
        if (this.stopping.signal.aborted) break;
        const work: Promise<void> = this.handle(reader, message).finally(() => inHand.delete(work));
        inHand.add(work);
        if (inHand.size >= reader.concurrency) await Promise.race(inHand);
      }
    } finally {
      this.open.delete(messages);
      await Promise.all(inHand);
    }
  }

  /** Known class of client trouble: a consumer that stays silent after a reconnect or a deleted stream. Closing it makes the loop rebuild it. */
  private async closeWhenBroken(messages: ConsumerMessages, reader: Reader): Promise<void> {
    const broken = new Set<string>([ConsumerEvents.ConsumerDeleted, ConsumerEvents.ConsumerNotFound, ConsumerEvents.StreamNotFound]);
    let missed = 0;
    for await (const status of await messages.status()) {
      missed = status.type === ConsumerEvents.HeartbeatsMissed ? missed + 1 : 0;
      if (!broken.has(status.type) && missed < 2) continue;
      this.log.warn({ stream: reader.stream, durable: reader.durable, status: status.type }, 'consumer has to be rebuilt');
      await messages.close();
      return;
    }
  }

  private async handle(reader: Reader, message: JsMsg): Promise<void> {
    const startedAt = performance.now();
    const extend = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      for (;;) {
        const decision = decide(await this.run(reader, message), message.info.redeliveryCount);
        this.metrics.handled.inc({ stream: reader.stream, outcome: decision.do });
        if (decision.do === 'hold') {
          this.log.warn({ subject: message.subject, seq: message.seq }, `holding: ${decision.reason}`);
          await sleep(1_000, undefined, { signal: this.stopping.signal }).catch(() => undefined);
          if (this.stopping.signal.aborted) return;
          continue;
        }
        if (decision.do === 'ack') message.ack();
        else if (decision.do === 'retry') {
          this.log.warn({ subject: message.subject, seq: message.seq, delivery: message.info.redeliveryCount, delayMs: decision.delayMs }, `will retry: ${decision.reason}`);
          message.nak(decision.delayMs);
        } else {
          this.log.error({ subject: message.subject, seq: message.seq }, `dead letter: ${decision.reason}`);
          message.term(decision.reason.slice(0, 500));
        }
        return;
      }
    } finally {
      clearInterval(extend);
      this.metrics.handleSeconds.observe({ stream: reader.stream }, (performance.now() - startedAt) / 1000);
    }
  }

  /** What the handler threw, or undefined. */
  private async run(reader: Reader, message: JsMsg): Promise<unknown> {
    try {
      const handler = handlerOf(reader, message.subject);
      const result: unknown = await handler(message.json(), deliveryOf(message.info.redeliveryCount));
      // Nest turns a throwing handler into a stream that errors; awaiting the handler alone would acknowledge the failure.
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      return undefined;
    } catch (error) {
      return error ?? new Error('the handler threw nothing');
    }
  }
}

function handlerOf(reader: Reader, subject: string): MessageHandler {
  const handler = reader.handlers.get(subject) ?? reader.handlers.get(`${subject.slice(0, subject.lastIndexOf('.'))}.*`);
  if (handler === undefined) throw new Error(`no handler for ${subject}`);
  return handler;
}

async function ensureConsumer(manager: JetStreamManager, reader: Reader): Promise<void> {
  const config: Partial<ConsumerConfig> = {
    durable_name: reader.durable,
    filter_subjects: [...reader.handlers.keys()].sort(),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_deliver: maxDeliveries,
    max_ack_pending: Math.max(8, reader.concurrency * 4),
  };
  try {
    await manager.consumers.add(reader.stream, config);
  } catch (error) {
    if ((error as { api_error?: { err_code?: number } }).api_error?.err_code !== consumerExists) throw error;
    await manager.consumers.update(reader.stream, reader.durable, config);
  }
}
