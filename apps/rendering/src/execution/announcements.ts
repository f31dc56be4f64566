import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource } from 'typeorm';
import type { Attempt } from '../jobs/attempt.entity';

/**
 * Milliseconds after which an announcement that quality seems not to have come to counts as lost: a stream that was
 * made anew counts from 1.
 */
const staleMs = 6 * 60 * 60 * 1000;

/** What was told of an attempt's outputs, so that they are judged. */
@Injectable()
export class Announcements {
  constructor(
    private readonly db: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Whether it has not left yet, or quality, which has come as far as `settledThrough`, may yet come to it. */
  async mayStillCome({ announcedAs, announcedAt }: Attempt, settledThrough: number): Promise<boolean> {
    if (announcedAs === null || announcedAt === null) return false;
    const [sent]: { stream_seq: string | null }[] = await this.db.query(
      'select stream_seq from outbox where msg_id = $1',
      [announcedAs],
    );
    if (sent === undefined) return false;
    if (sent.stream_seq === null) return true;
    return Number(sent.stream_seq) > settledThrough && this.clock.now().getTime() - announcedAt.getTime() < staleMs;
  }
}
