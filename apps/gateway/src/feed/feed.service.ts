import { Inject, Injectable } from '@nestjs/common';
import { RequestClient, type Delivery } from '@tower/bus';
import {
  listJobEventsRequest,
  type Envelope,
  type FeedEvent,
  type JobEventsPage,
  type JobEventView,
} from '@tower/contracts';
import { handleOnce } from '@tower/db';
import { AppError, CLOCK, LOGGER, newId, toAppError, type Clock, type Logger } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';

/** Facts that place an event; those of projects and characters have no job. */
const place = z.object({ projectId: z.uuid().optional(), jobId: z.uuid().optional(), seq: z.int().optional() });

/** Milliseconds. An event before it that is still missing so long after was not merely overtaken. */
const overtakenMs = 5_000;

/** Events of a gap that are read back at once. */
const maxFilled = 1_000;

/** Days. */
const keepDays = 30;
/** Rows per statement: small transactions keep vacuum able to follow. */
const pruneBatch = 2_000;

/** Rows of the feed with their number; `seq` is a bigint and comes as text. */
export interface NumberedEvent {
  seq: number;
  event: FeedEvent;
}

/** Writes what happened down in one order for all clients, and reads it back for those who were away. */
@Injectable()
export class FeedService {
  constructor(
    private readonly db: DataSource,
    private readonly services: RequestClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ANSWERS_DB) private readonly answersDb: DataSource,
  ) {}

  async record(event: Envelope<unknown>, delivery: Delivery): Promise<void> {
    const { projectId = null, jobId = null, seq = null } = place.parse(event.data);
    const row: FeedEvent = {
      id: event.id,
      type: event.type,
      at: event.time,
      project_id: projectId,
      job_id: jobId,
      job_seq: jobId === null ? null : seq,
      data: event.data as Record<string, unknown>,
    };
    const missing = await this.missingBefore(row, delivery);
    await handleOnce(this.db, 'gateway', event.id, async (tx) => {
      await lockFeed(tx);
      for (const one of [...missing, row]) await insert(tx, one);
    });
  }

  /** The number of the last event, and of the first that is kept. */
  async bounds(): Promise<{ latest: number; oldest: number }> {
    const [row]: { latest: string | null; oldest: string | null }[] = await this.answersDb.query(
      'select max(seq) as latest, min(seq) as oldest from event_feed',
    );
    return { latest: Number(row?.latest ?? 0), oldest: Number(row?.oldest ?? 0) };
  }

  async readAfter(seq: number, limit: number): Promise<NumberedEvent[]> {
    const rows: StoredEvent[] = await this.answersDb.query(
      `select ${columns} from event_feed where seq > $1 order by seq limit $2`,
      [seq, limit],
    );
    return rows.map(toNumbered);
  }

  async readJobAfter(jobId: string, jobSeq: number, limit: number): Promise<NumberedEvent[]> {
    const rows: StoredEvent[] = await this.answersDb.query(
      `select ${columns} from event_feed where job_id = $1 and job_seq > $2 order by job_seq limit $3`,
      [jobId, jobSeq, limit],
    );
    return rows.map(toNumbered);
  }

  jobBounds(jobId: string): Promise<{ latest: number; oldest: number }> {
    return jobBounds(this.answersDb, jobId);
  }

  /** Forgets what is too old for any client to ask for. The last event stays: it says how far the feed has come. */
  async prune(): Promise<void> {
    for (let gone = pruneBatch; gone === pruneBatch;) {
      const [, count]: [unknown, number] = await this.db.query(
        `delete from event_feed where seq in (select seq from event_feed where at < now() - interval '${keepDays} ` +
          `days' and seq < (select max(seq) from event_feed) order by at limit ${pruneBatch})`,
      );
      gone = count;
    }
  }

  /**
   * Events of one job may overtake each other while one of them is being retried: then this one waits for its
   * predecessor. When that does not come (it aged out of the stream, or was given up), its owner still knows it; when
   * not even the owner does, the gap stays and the rest goes on.
   */
  private async missingBefore(event: FeedEvent, delivery: Delivery): Promise<FeedEvent[]> {
    const { job_id: jobId, job_seq: jobSeq } = event;
    if (jobId === null || jobSeq === null) return [];
    const { latest } = await jobBounds(this.db, jobId);
    if (jobSeq <= latest + 1) return [];
    if (!delivery.last && this.clock.now().getTime() - Date.parse(event.at) < overtakenMs)
      throw new AppError(
        'unavailable',
        'event_overtaken',
        `event ${jobSeq} of job ${jobId} came before event ${latest + 1}`,
      );
    const found = await this.askOwner(jobId, latest, jobSeq, delivery);
    this.logger.warn(
      { jobId, after: latest, before: jobSeq, found: found.length },
      'filling a gap in the events of a job',
    );
    return found.map((item) => ({
      ...event,
      id: newId(),
      type: item.type,
      at: item.at,
      job_seq: item.seq,
      data: item.data,
    }));
  }

  private async askOwner(jobId: string, after: number, before: number, delivery: Delivery): Promise<JobEventView[]> {
    try {
      const found: JobEventView[] = [];
      for (let from: number | undefined = after; from !== undefined && from < before - 1 && found.length < maxFilled;) {
        const page: JobEventsPage = await this.services.ask(listJobEventsRequest, {
          id: jobId,
          after: from,
          limit: Math.min(before - from - 1, 1_000),
        });
        found.push(...page.items.filter((item) => item.seq < before));
        from = page.next_after;
      }
      return found;
    } catch (error) {
      if (toAppError(error).kind === 'not_found' || delivery.last) return [];
      throw error;
    }
  }
}

async function jobBounds(db: DataSource, jobId: string): Promise<{ latest: number; oldest: number }> {
  const [row]: { latest: number | null; oldest: number | null }[] = await db.query(
    'select max(job_seq) as latest, min(job_seq) as oldest from event_feed where job_id = $1',
    [jobId],
  );
  return { latest: row?.latest ?? 0, oldest: row?.oldest ?? 0 };
}

/** Numbers become visible in their order only when they are given and committed one after the other. */
const lockFeed = (tx: EntityManager): Promise<unknown> =>
  tx.query("select pg_advisory_xact_lock(hashtextextended('gateway:event_feed', 0))");

async function insert(tx: EntityManager, event: FeedEvent): Promise<void> {
  await tx.query(
    'insert into event_feed (event_id, type, project_id, job_id, job_seq, at, data) values ' +
      '($1, $2, $3, $4, $5, $6, $7) on conflict do nothing',
    [event.id, event.type, event.project_id, event.job_id, event.job_seq, event.at, JSON.stringify(event.data)],
  );
}

const columns = 'seq, event_id, type, project_id, job_id, job_seq, at, data';

interface StoredEvent {
  seq: string;
  event_id: string;
  type: string;
  project_id: string | null;
  job_id: string | null;
  job_seq: number | null;
  at: Date;
  data: Record<string, unknown>;
}

const toNumbered = (row: StoredEvent): NumberedEvent => ({
  seq: Number(row.seq),
  event: {
    id: row.event_id,
    type: row.type,
    at: row.at.toISOString(),
    project_id: row.project_id,
    job_id: row.job_id,
    job_seq: row.job_seq,
    data: row.data,
  },
});
