import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthCheck } from '@tower/contracts';
import { AppError, describeError, withoutCredentials, type Logger } from '@tower/kit';
import {
  connect,
  DebugEvents,
  ErrorCode,
  Events,
  NatsError,
  type ConnectionOptions,
  type Msg,
  type NatsConnection,
  type Status,
} from 'nats';
import { inboxPrefixOf } from './access/permissions';
import { connectGuarded } from './guarded-connection';
import { parseNatsUrl } from './nats-address';
import { versionWarning } from './nats-version';
import { ensureStreams, ownStreams } from './streams';

/** Milliseconds. */
const drainMs = 2_000;
const retryMs = 250;
const waitingLineMs = 5_000;

/**
 * The same for every connection of ours. The library's defaults give up after ten tries and notice a dead peer after
 * four minutes. Refused credentials do not end a connection that once had been taken: its server may just be given new
 * ones. `user` is whose inbox the answers go to: the service, whatever the connection is called. Throws
 * `nats_url_invalid`.
 */
export function natsOptions(url: string, name: string, user = name): ConnectionOptions & { servers: string[] } {
  return {
    ...parseNatsUrl(url),
    name,
    inboxPrefix: inboxPrefixOf(user),
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
  private refused = false;
  private readonly reconnectListeners = new Set<() => void>();
  private reconnectedOnce = new AbortController();

  private constructor(
    readonly nats: NatsConnection,
    /** Whose connection it is: a service, or somebody who may look after all streams. */
    private readonly name: string,
    private readonly logger: Logger,
  ) {
    setMaxListeners(0, this.reconnectedOnce.signal);
    void this.watch();
  }

  /**
   * Waits for the server as long as it takes, or until the signal fires. Throws `nats_credentials_refused` when it is
   * there and does not let us in.
   */
  static async open(url: string, name: string, logger: Logger, signal?: AbortSignal): Promise<BusConnection> {
    await untilAdmitted(url, name, logger, signal);
    return new BusConnection(await connectGuarded(natsOptions(url, name)), name, logger);
  }

  /** Makes the streams that are ours to look after; the sentences say which of them could not be changed. */
  async ensureStreams(): Promise<string[]> {
    return ensureStreams(await this.nats.jetstreamManager(), ownStreams(this.name));
  }

  isConnected(): boolean {
    return this.connected && !this.nats.isClosed();
  }

  /** For health and `/status`. */
  health(): HealthCheck {
    const warning = versionWarning(this.nats.info?.version ?? '');
    if (this.isConnected()) return { ok: true, detail: warning === undefined ? 'connected' : `connected; ${warning}` };
    return {
      ok: false,
      detail: this.refused
        ? 'NATS refuses these credentials; correct NATS_URL and start again, or the users of that server'
        : 'reconnecting',
    };
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

  /**
   * Best effort, never throws: dropped while the connection is down, by design of core NATS, and when it is larger
   * than the server takes.
   */
  publishHint(subject: string, value: unknown): void {
    if (!this.isConnected()) return;
    try {
      this.nats.publish(subject, JSON.stringify(value));
    } catch (error) {
      this.logger.warn({ subject }, `a hint could not be sent: ${describeError(error)}`);
    }
  }

  /**
   * Calls `take` for every message on the subject until the returned function is called; best effort. Whatever `take`
   * throws, or a server that does not allow the subject, is a line in the log.
   */
  listen(subject: string, take: (message: Msg) => void): () => void {
    const subscription = this.nats.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) take(message);
        else this.logger.error({ subject }, `not listening: ${describeError(error)}`);
      },
    });
    return () => subscription.unsubscribe();
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
        this.refused = false;
        this.logger.info('NATS connection is back');
        this.reconnectedOnce.abort();
        this.reconnectedOnce = new AbortController();
        setMaxListeners(0, this.reconnectedOnce.signal);
        for (const listener of this.reconnectListeners) listener();
      } else if (status.type === DebugEvents.StaleConnection) this.logger.warn('NATS does not answer pings');
      else if (status.type === Events.Error) this.observeError(status);
    }
  }

  private observeError(status: Status): void {
    const isRefusal =
      status.data === ErrorCode.AuthorizationViolation || status.data === ErrorCode.AuthenticationExpired;
    if (isRefusal && !this.refused)
      this.logger.error('NATS refuses these credentials; still trying, in case the server is just given new ones');
    if (isRefusal) this.refused = true;
    if (status.data === ErrorCode.PermissionsViolation)
      this.logger.error({ denied: status.permissionContext }, 'NATS does not allow this process what it tried');
  }
}

/**
 * Tries until a server lets us in. The library itself would go on for ever, in silence, when it waits for its first
 * connection, refused or not; so this is asked with a connection of its own.
 */
async function untilAdmitted(url: string, name: string, logger: Logger, signal?: AbortSignal): Promise<void> {
  const options = { ...natsOptions(url, name), waitOnFirstConnect: false, reconnect: false };
  const server = withoutCredentials(url);
  let saidAt = performance.now();
  for (;;) {
    try {
      const probe = await connect(options);
      return await probe.close();
    } catch (error) {
      if (error instanceof NatsError && error.isAuthError()) throw credentialsRefused(server, options, error);
      if (performance.now() - saidAt >= waitingLineMs) {
        logger.warn({ server }, `waiting for NATS: ${describeError(error)}`);
        saidAt = performance.now();
      }
      await sleep(retryMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}

function credentialsRefused(server: string, { user, token }: ConnectionOptions, cause: unknown): AppError {
  const given =
    user === undefined ? (token === undefined ? 'no credentials' : 'a token') : `a password for the user ${user}`;
  return new AppError(
    'forbidden',
    'nats_credentials_refused',
    `NATS at ${server} refuses this process: NATS_URL holds ${given}; write those that ` +
      `this server knows, as in nats://user:password@host:4222`,
    { cause },
  );
}
