import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, type Logger } from '@tower/kit';
import { Client } from 'pg';

/**
 * Wakes somebody on `NOTIFY channel`; reconnects for ever. A notification only says "look again": after every
 * (re)connect `wake` is called once, because what was sent meanwhile is lost.
 */
export class NotificationListener {
  private readonly stopping = new AbortController();
  private readonly stopped = new Promise<void>((resolve) =>
    this.stopping.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  private loop: Promise<void> | undefined;

  constructor(
    private readonly url: string,
    private readonly channel: string,
    private readonly wake: () => void,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  /** Ends the connection only between two steps: pg never settles a `connect` whose client was ended meanwhile. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
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
      await sleep(500, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}
