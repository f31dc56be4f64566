import { describeError, Loop, type Logger } from '@tower/kit';
import {
  ConsumerEvents,
  type Consumer,
  type ConsumerConfig,
  type ConsumerMessages,
  type FetchOptions,
  type JetStreamManager,
  type JsMsg,
} from 'nats';
import type { BusConnection } from './connection';

type DurableConsumerConfig = Partial<ConsumerConfig> & { durable_name: string; max_ack_pending: number };

/** JetStream error code for a consumer that exists with another configuration. */
const consumerExists = 10148;

/** Milliseconds between attempts to get a consumer back. */
const rebuildMs = 250;
/** Milliseconds that one request for a counted number of messages stands; how long a lost one can go unnoticed. */
const requestMs = 2_000;

/** What the client says when it will hear nothing more, or does not know. */
const broken = new Set<string>([
  ConsumerEvents.ConsumerDeleted,
  ConsumerEvents.ConsumerNotFound,
  ConsumerEvents.StreamNotFound,
  ConsumerEvents.NoResponders,
  ConsumerEvents.HeartbeatsMissed,
]);

/**
 * Reads a durable consumer until it is stopped. Stream, consumer and subscription are made anew after every reconnect
 * and whenever one of them seems to be gone: left to itself the client may stay silent for half a minute, or for ever.
 * Messages are handed over as they arrive; the server sends no more than `max_ack_pending` that nobody has answered.
 * With `freeHands` only as many are asked for as can be worked on at once.
 */
export class DurableConsumer {
  private readonly loop = new Loop();
  private messages: ConsumerMessages | undefined;
  private ignoreReconnects: (() => void) | undefined;
  /** Looks in a row that ended with an error before a message could come. */
  private failures = 0;

  constructor(
    private readonly bus: BusConnection,
    private readonly stream: string,
    private readonly consumer: DurableConsumerConfig,
    /** Must not throw. */
    private readonly onMessage: (message: JsMsg) => void,
    private readonly log: Logger,
    /** How many messages may be asked for; pending while there are none. */
    private readonly freeHands?: () => Promise<number>,
  ) {}

  start(): void {
    this.ignoreReconnects = this.bus.onReconnect(() => void this.messages?.close());
    this.loop.start(() => this.look());
  }

  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    await this.messages?.close();
    await stopped;
    this.ignoreReconnects?.();
  }

  private async look(): Promise<number> {
    try {
      if (this.bus.isConnected()) {
        await this.read(() => (this.failures = 0));
        this.log.debug({ stream: this.stream, durable: this.consumer.durable_name }, 'consumer has to be rebuilt');
      }
    } catch (error) {
      this.failures += 1;
      // A server that has just come back refuses the first questions.
      const level = this.failures > 4 ? 'warn' : 'debug';
      this.log[level]({ stream: this.stream, durable: this.consumer.durable_name }, `reading: ${describeError(error)}`);
    }
    return rebuildMs;
  }

  /** Returns when the subscription has ended. */
  private async read(onStarted: () => void): Promise<void> {
    const manager = await this.bus.nats.jetstreamManager();
    await this.bus.ensureStreams();
    await ensureConsumer(manager, this.stream, this.consumer);
    const reader = await this.bus.nats.jetstream().consumers.get(this.stream, this.consumer.durable_name);
    if (this.freeHands) await this.takeAsFree(reader, this.freeHands, onStarted);
    else await this.takeAhead(reader, onStarted);
  }

  /** Requests end by themselves, or with an error when what they asked is gone. */
  private async takeAsFree(reader: Consumer, freeHands: () => Promise<number>, onStarted: () => void): Promise<void> {
    const reconnected = this.bus.nextReconnect();
    for (;;) {
      const free = await untilAborted(this.loop.signal, freeHands());
      if (free === undefined || reconnected.aborted) return;
      const messages = await reader.fetch({
        max_messages: free,
        expires: requestMs,
        callback: this.onMessage,
      } as FetchOptions);
      if (this.loop.isStopping) await messages.close();
      this.messages = messages;
      const ended = await messages.closed();
      this.messages = undefined;
      if (ended instanceof Error) throw ended;
      onStarted();
    }
  }

  private async takeAhead(reader: Consumer, onStarted: () => void): Promise<void> {
    const messages = await reader.consume({ max_messages: this.consumer.max_ack_pending, callback: this.onMessage });
    // Asked to stop while we were asking the server. The statuses of what is closed already never end.
    if (this.loop.isStopping) {
      await messages.close();
      return;
    }
    this.messages = messages;
    onStarted();
    const watching = this.closeWhenBroken(messages);
    try {
      await messages.closed();
    } finally {
      this.messages = undefined;
      await watching;
    }
  }

  private async closeWhenBroken(messages: ConsumerMessages): Promise<void> {
    for await (const status of await messages.status()) {
      if (!broken.has(status.type)) continue;
      await messages.close();
      return;
    }
  }
}

async function ensureConsumer(manager: JetStreamManager, stream: string, config: DurableConsumerConfig): Promise<void> {
  try {
    await manager.consumers.add(stream, config);
  } catch (error) {
    if ((error as { api_error?: { err_code?: number } }).api_error?.err_code !== consumerExists) throw error;
    await manager.consumers.update(stream, config.durable_name, config);
  }
}

/** What the promise resolves to, or undefined as soon as the signal fires. */
function untilAborted<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const give = (value?: Value): void => {
      signal.removeEventListener('abort', aborted);
      resolve(value);
    };
    const aborted = (): void => give();
    signal.addEventListener('abort', aborted);
    if (signal.aborted) give();
    promise.then(give, reject);
  });
}
