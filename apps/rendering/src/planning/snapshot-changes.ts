import { Inject, Injectable } from '@nestjs/common';
import { NotificationListener } from '@tower/db';
import { LOGGER, type Logger } from '@tower/kit';
import { DATABASE_URL } from '@tower/service';

/** Told by triggers on cards, tasks and attempts, in the transaction that changes them. */
const channel = 'rendering_snapshot';

/**
 * Whether cards, queue or attempts have changed, in whichever process. How far an attempt has come is no change: that
 * is written several times a second. A lost notification makes answers older than they need be, up to the time that
 * the reader allows; nothing else depends on it.
 */
@Injectable()
export class SnapshotChanges {
  private readonly listener: NotificationListener;
  private count = 0;

  constructor(@Inject(DATABASE_URL) databaseUrl: string, @Inject(LOGGER) logger: Logger) {
    this.listener = new NotificationListener(databaseUrl, channel, () => this.count++, logger);
  }

  start(): void {
    this.listener.start();
  }

  async stop(): Promise<void> {
    await this.listener.stop();
  }

  /** A number that grows with each change that is heard of; undefined before anything could be heard. */
  revision(): number | undefined {
    return this.count === 0 ? undefined : this.count;
  }
}
