import { CustomTransportStrategy, Server, type MessageHandler } from '@nestjs/microservices';
import { commandFilter, topology, type ServiceName } from '@tower/contracts';
import { AppError, type Logger } from '@tower/kit';
import { AckPolicy, DeliverPolicy, nanos, type JsMsg } from 'nats';
import { isObservable, lastValueFrom } from 'rxjs';
import type { BusMetrics } from './bus.metrics';
import { assertCommandSize, refusedCommand, unknownCommand } from './commands';
import type { BusConnection } from './connection';
import { decide, deliveryOf, maxDeliveries, type Delivery } from './delivery';
import { DurableConsumer } from './durable-consumer';
import { MessageQueue } from './message-queue';
import { JETSTREAM, type ConsumerOptions } from './on-event';
import { streamOfSubject } from './streams';

/** Milliseconds until a message that nobody answers or extends is delivered again. */
const defaultAckWaitMs = 15_000;

interface Reader {
  stream: string;
  durable: string;
  concurrency: number;
  oneByOne: boolean;
  handlers: Map<string, MessageHandler>;
  /** Of a reader of commands: every one that comes to nothing goes there. */
  refuse: MessageHandler | undefined;
}

/** A message as its handler gets it, here or handed over again. */
interface Arrived {
  readonly subject: string;
  readonly bytes: number;
  readonly text: () => string;
  readonly delivery: Delivery;
}

/**
 * Nest transport for events and commands on JetStream: durable pull consumers, acknowledged after the handler resolved
 * (and so after its commit), retried with delays, dead-lettered by termination. Handlers are declared with `@OnEvent`
 * and `@OnCommand`.
 */
export class JetStreamServer extends Server implements CustomTransportStrategy {
  override readonly transportId = JETSTREAM;
  private readonly pulls: DurableConsumer[] = [];
  private readonly inbounds: MessageQueue[] = [];
  private readonly reading = new Map<string, Reader>();
  private extending: NodeJS.Timeout | undefined;

  constructor(
    private readonly service: ServiceName,
    private readonly bus: BusConnection,
    private readonly metrics: BusMetrics,
    private readonly log: Logger,
    private readonly ackWaitMs = defaultAckWaitMs,
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      this.requireEveryHandler();
      for (const reader of this.readers()) this.open(reader);
      this.extending = setInterval(() => {
        if (this.bus.isConnected()) for (const inbound of this.inbounds) inbound.extend();
      }, this.ackWaitMs / 3);
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.pulls.map((pull) => pull.stop()));
    await Promise.all(this.inbounds.map((inbound) => inbound.stop()));
    // Last: what is in hand has to be extended until it is finished.
    clearInterval(this.extending);
  }

  /**
   * Hands a message that was given up to its handler once more, as a last delivery; rejects with what the handler
   * throws.
   */
  async handleAgain(subject: string, text: string): Promise<void> {
    const reader = this.reading.get(streamOfSubject(subject));
    if (reader === undefined)
      throw new AppError('conflict', 'reader_gone', `${this.service} does not read ${subject} any more`);
    const bytes = Buffer.byteLength(text);
    const thrown = await run(reader, { subject, bytes, text: () => text, delivery: deliveryOf(maxDeliveries) });
    if (thrown !== undefined) throw thrown;
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
    const refusals = commands.length === 0 ? [] : [commandFilter(this.service)];
    const expected = new Set([
      ...consumes.map((event) => event.filter),
      ...commands.map((command) => command.subject),
      ...refusals,
    ]);
    for (const pattern of expected) {
      const handler = this.messageHandlers.get(pattern);
      if (handler === undefined)
        throw new Error(`${this.service} is listed as a reader of ${pattern} but has no handler for it`);
      if (handler.next !== undefined) throw new Error(`${this.service} has two handlers for ${pattern}`);
    }
    for (const [pattern, handler] of this.messageHandlers) {
      if (!expected.has(pattern))
        throw new Error(`${this.service} handles ${pattern} but the topology does not list it`);
      const { durable } = handler.extras as ConsumerOptions;
      // Dead letters are found by the reader's name; under another one they would be lost in silence.
      if (durable !== this.service)
        throw new Error(
          `${this.service} reads ${pattern} as ${durable}; durable consumers are named after their reader`,
        );
    }
  }

  private readers(): Reader[] {
    const readers = new Map<string, Reader>();
    for (const [pattern, handler] of this.messageHandlers) {
      const { durable, concurrency = 1, oneByOne = false } = handler.extras as ConsumerOptions;
      const stream = streamOfSubject(pattern);
      const reader = readers.get(stream) ?? {
        stream,
        durable,
        concurrency,
        oneByOne,
        handlers: new Map(),
        refuse: undefined,
      };
      if (reader.concurrency !== concurrency || reader.oneByOne !== oneByOne)
        throw new Error(
          `${this.service} reads ${stream} in two ways (concurrency, oneByOne); all its events share one consumer`,
        );
      if (pattern === commandFilter(this.service)) reader.refuse = handler;
      else reader.handlers.set(pattern, handler);
      readers.set(stream, reader);
    }
    return [...readers.values()];
  }

  private open(reader: Reader): void {
    this.reading.set(reader.stream, reader);
    const inbound = new MessageQueue(
      reader.stream,
      reader.concurrency,
      (message) => run(reader, arrived(message)),
      this.metrics,
      this.log,
    );
    const pull = new DurableConsumer(
      this.bus,
      reader.stream,
      {
        durable_name: reader.durable,
        filter_subjects:
          reader.refuse === undefined ? [...reader.handlers.keys()].sort() : [commandFilter(this.service)],
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ack_wait: nanos(this.ackWaitMs),
        max_deliver: maxDeliveries,
        // Those that wait for a retry count too; a few must not hold up the rest.
        max_ack_pending: Math.max(16, reader.concurrency * 8),
      },
      (message) => inbound.accept(message),
      this.log,
      reader.oneByOne ? () => inbound.freeHands() : undefined,
    );
    pull.start();
    this.inbounds.push(inbound);
    this.pulls.push(pull);
  }
}

const arrived = (message: JsMsg): Arrived => ({
  subject: message.subject,
  bytes: message.data.length,
  text: () => message.string(),
  delivery: deliveryOf(message.info.redeliveryCount, {
    stream: message.info.stream,
    seq: message.seq,
    storedAtNanos: message.info.timestampNanos,
  }),
});

/**
 * What the handler threw, or undefined. A command that comes to nothing by it is answered first; what that throws
 * decides then, so that no command is let go unanswered while the answer only has to wait.
 */
async function run(reader: Reader, message: Arrived): Promise<unknown> {
  const { subject, delivery } = message;
  const thrown = await call(() => handlerOf(reader, subject)(bodyOf(reader, message), delivery));
  if (thrown === undefined || reader.refuse === undefined || decide(thrown, delivery.number).do !== 'dead_letter')
    return thrown;
  const { refuse } = reader;
  const refused = refusedCommand(subject, message.text(), delivery.place, thrown, delivery.number);
  const failed = await call(() => refuse(refused, delivery));
  return failed === undefined || decide(failed, delivery.number).do === 'dead_letter' ? thrown : failed;
}

async function call(handler: () => Promise<unknown>): Promise<unknown> {
  try {
    const result: unknown = await handler();
    // Nest turns a throwing handler into a stream that errors; awaiting the handler alone would acknowledge the
    // failure.
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    return undefined;
  } catch (error) {
    return error ?? new Error('the handler threw nothing');
  }
}

function bodyOf(reader: Reader, { bytes, text }: Arrived): unknown {
  if (reader.refuse !== undefined) assertCommandSize(bytes);
  try {
    return JSON.parse(text());
  } catch (error) {
    throw new AppError('invalid', 'message_not_json', 'the message is not JSON', { cause: error });
  }
}

function handlerOf(reader: Reader, subject: string): MessageHandler {
  const handler =
    reader.handlers.get(subject) ?? reader.handlers.get(`${subject.slice(0, subject.lastIndexOf('.'))}.*`);
  if (handler !== undefined) return handler;
  if (reader.refuse !== undefined)
    throw unknownCommand(typeOf(subject), [...reader.handlers.keys()].map(typeOf).sort());
  throw new Error(`no handler for ${subject}`);
}

const typeOf = (subject: string): string => subject.replace(/^cmd\./, '');
