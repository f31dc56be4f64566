import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutCredentials, type Logger } from '@tower/kit';
import { connect, DebugEvents, Events, type ConnectionOptions, type NatsConnection } from 'nats';

/** Milliseconds. */
const drainMs = 2_000;

/** The same for every connection of ours. The library's defaults give up after ten tries and notice a dead peer after four minutes. */
export function natsOptions(url: string, name: string): ConnectionOptions {
  return {
    servers: url.split(','),
    name,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 10_000,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
  };
}

/** One NATS connection that never gives up, and tells who wants to know when it is back. */
export class BusConnection {
  private connected = true;
  private readonly reconnectListeners = new Set<() => void>();
  private reconnectedOnce = new AbortController();

  private constructor(
    readonly nats: NatsConnection,
    private readonly logger: Logger,
  ) {
    setMaxListeners(0, this.reconnectedOnce.signal);
    void this.watch();
  }

  static async open(url: string, name: string, logger: Logger): Promise<BusConnection> {
    const waiting = setInterval(() => logger.warn({ server: withoutCredentials(url) }, 'waiting for NATS'), 5_000);
    try {
      return new BusConnection(await connect(natsOptions(url, name)), logger);
    } finally {
      clearInterval(waiting);
    }
  }

  isConnected(): boolean {
    return this.connected && !this.nats.isClosed();
  }

  /** Called after every reconnect; returns the way to stop listening. */
  onReconnect(listener: () => void): () => void {
    this.reconnectListeners.add(listener);
    return () => this.reconnectListeners.delete(listener);
  }

  /** Fires at the next reconnect: whatever was in flight may be lost and has to be sent again. */
  nextReconnect(): AbortSignal {
    return this.reconnectedOnce.signal;
  }

  /** Best effort: dropped while the connection is down, by design of core NATS. */
  publishHint(subject: string, value: unknown): void {
    if (this.isConnected()) this.nats.publish(subject, JSON.stringify(value));
  }

  /** Lets go what is still to be sent, for a moment; without a server there is nobody to send it to. */
  async close(): Promise<void> {
    if (this.isConnected()) await Promise.race([this.nats.drain(), sleep(drainMs, undefined, { ref: false })]);
    if (!this.nats.isClosed()) await this.nats.close();
  }

  private async watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === Events.Disconnect) {
        this.connected = false;
        this.logger.warn('NATS connection lost; reconnecting');
      } else if (status.type === Events.Reconnect) {
        this.connected = true;
        this.logger.info('NATS connection is back');
        this.reconnectedOnce.abort();
        this.reconnectedOnce = new AbortController();
        setMaxListeners(0, this.reconnectedOnce.signal);
        for (const listener of this.reconnectListeners) listener();
      } else if (status.type === DebugEvents.StaleConnection) this.logger.warn('NATS does not answer pings');
    }
  }
}
