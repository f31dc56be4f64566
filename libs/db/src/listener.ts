import { describeError, Loop, type Logger } from '@tower/kit';
import { Client } from 'pg';

/** Milliseconds between the end of a connection and the next one. */
const reconnectMs = 500;

/**
 * Wakes somebody on `NOTIFY channel`; reconnects for ever. A notification only says "look again": after every
 * (re)connect `wake` is called once, because what was sent meanwhile is lost.
 */
export class NotificationListener {
  private readonly loop = new Loop();
  private readonly stopped = new Promise<void>((resolve) =>
    this.loop.signal.addEventListener('abort', () => resolve(), { once: true }),
  );

  constructor(
    private readonly url: string,
    private readonly channel: string,
    private readonly wake: () => void,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.loop.start(() => this.listen());
  }

  /** Ends the connection only between two steps: pg never settles a `connect` whose client was ended meanwhile. */
  async stop(): Promise<void> {
    await this.loop.stop();
  }

  /** Returns when the connection has ended, or when it is told to stop. */
  private async listen(): Promise<number> {
    const client = new Client({
      connectionString: this.url,
      application_name: `tower-listen-${this.channel}`,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    });
    try {
      const ended = new Promise<void>((resolve) => {
        client.once('end', resolve);
        client.on('error', (error) => {
          this.logger.debug({ err: error }, 'listener connection broke');
          resolve();
        });
      });
      await client.connect();
      client.on('notification', this.wake);
      await client.query(`listen ${this.channel}`);
      this.wake();
      await Promise.race([ended, this.stopped]);
    } catch (error) {
      this.logger.debug(`listening on ${this.channel}: ${describeError(error)}`);
    }
    await client.end().catch((error: unknown) => this.logger.debug({ err: error }, 'closing a broken listener'));
    return reconnectMs;
  }
}
