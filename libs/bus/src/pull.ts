import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, type Logger } from '@tower/kit';
import { ConsumerEvents, type ConsumerConfig, type ConsumerMessages, type JetStreamManager, type JsMsg } from 'nats';
import type { BusConnection } from './connection';
import { ensureStreams } from './streams';

export type DurableConsumer = Partial<ConsumerConfig> & { durable_name: string; max_ack_pending: number };

/** JetStream error code for a consumer that exists with another configuration. */
const consumerExists = 10148;

/** Milliseconds between attempts to get a consumer back. */
const rebuildMs = 250;

/** What the client says when it will hear nothing more, or does not know. */
const broken = new Set<string>([ConsumerEvents.ConsumerDeleted, ConsumerEvents.ConsumerNotFound, ConsumerEvents.StreamNotFound, ConsumerEvents.NoResponders, ConsumerEvents.HeartbeatsMissed]);

/**
 * Reads a durable consumer until it is stopped. Stream, consumer and subscription are made anew after every reconnect and whenever one of them
 * seems to be gone: left to itself the client may stay silent for half a minute, or for ever. Messages are handed over as they arrive; the
 * server sends no more than `max_ack_pending` that nobody has answered.
 */
export class Pull {
  private readonly stopping = new AbortController();
  private messages: ConsumerMessages | undefined;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly bus: BusConnection,
    private readonly stream: string,
    private readonly consumer: DurableConsumer,
    /** Must not throw. */
    private readonly onMessage: (message: JsMsg) => void,
    private readonly log: Logger,
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
    const forget = this.bus.onReconnect(() => void this.messages?.close());
    for (let failures = 0; !this.stopping.signal.aborted; ) {
      try {
        if (this.bus.isConnected()) {
          await this.read(() => (failures = 0));
          this.log.debug({ stream: this.stream, durable: this.consumer.durable_name }, 'consumer has to be rebuilt');
        }
      } catch (error) {
        failures += 1;
        // A server that has just come back refuses the first questions.
        const level = failures > 4 ? 'warn' : 'debug';
        this.log[level]({ stream: this.stream, durable: this.consumer.durable_name }, `reading: ${describeError(error)}`);
      }
      await sleep(rebuildMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    forget();
  }

  /** Returns when the subscription has ended. */
  private async read(onStarted: () => void): Promise<void> {
    const manager = await this.bus.nats.jetstreamManager();
    await ensureStreams(manager);
    await ensureConsumer(manager, this.stream, this.consumer);
    const reader = await this.bus.nats.jetstream().consumers.get(this.stream, this.consumer.durable_name);
    const messages = await reader.consume({ max_messages: this.consumer.max_ack_pending, callback: this.onMessage });
    // Asked to stop while we were asking the server. The statuses of what is closed already never end.
    if (this.stopping.signal.aborted) {
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

async function ensureConsumer(manager: JetStreamManager, stream: string, config: DurableConsumer): Promise<void> {
  try {
    await manager.consumers.add(stream, config);
  } catch (error) {
    if ((error as { api_error?: { err_code?: number } }).api_error?.err_code !== consumerExists) throw error;
    await manager.consumers.update(stream, config.durable_name, config);
  }
}
