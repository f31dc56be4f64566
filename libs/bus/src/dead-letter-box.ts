import type {
  DeadLetterRequests,
  DeadLetterState,
  DeadLetterView,
  InputOf,
  OutputOf,
  SettledLetter,
} from '@tower/contracts';
import { shownMessageCharacters } from '@tower/contracts';
import { decodeCursor, isDatabaseUnavailable } from '@tower/db';
import { describeError, type Clock, type Logger } from '@tower/kit';
import type { DataSource } from 'typeorm';
import type { BusMetrics } from './bus.metrics';

interface LetterRow {
  id: string;
  stream: string;
  stream_seq: string;
  subject: string;
  reason: string;
  deliveries: number;
  payload: string;
  at: Date;
  outcome: 'redriven' | 'dismissed' | null;
  settled_at: Date | null;
  redrives: number;
  last_failure: string | null;
}

/** Hands a message to this service's own handler for its subject; rejects with what the handler throws. */
type HandleAgain = (subject: string, body: string) => Promise<void>;

/** Milliseconds between two counts of what is open. */
const countEveryMs = 10_000;

/**
 * The messages that this service could not handle, for a person to deal with: handed over again, in this process and
 * through the same handler and inbox, so that no other reader of the event is concerned, or dismissed.
 */
export class DeadLetterBox {
  private open = 0;
  private counting: NodeJS.Timeout | undefined;

  constructor(
    private readonly service: string,
    private readonly db: DataSource,
    private readonly handleAgain: HandleAgain,
    private readonly metrics: BusMetrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Counts what is open now and from time to time; the returned function ends that. */
  async start(): Promise<() => void> {
    await this.count();
    this.counting = setInterval(() => void this.count(), countEveryMs);
    return () => clearInterval(this.counting);
  }

  /** Not a fault of this process, and nothing ends it but a person. */
  health(): { ok: true; degraded?: true; detail: string } {
    if (this.open === 0) return { ok: true, detail: 'none' };
    return { ok: true, degraded: true, detail: `${this.open} messages could not be handled: tower dead-letters list` };
  }

  async list({
    state,
    limit,
    cursor,
  }: InputOf<DeadLetterRequests['list']>): Promise<OutputOf<DeadLetterRequests['list']>> {
    const rows: LetterRow[] = await this.db.query(
      `select * from dead_letter where outcome is not distinct from $1 and ` +
        `($2::uuid is null or id < $2) order by id desc limit $3`,
      [state === 'open' ? null : state, decodeCursor(cursor), limit + 1],
    );
    await this.count();
    return { items: rows.map((row) => this.toView(row)), open: this.open };
  }

  async get(id: string): Promise<OutputOf<DeadLetterRequests['get']>> {
    const row = await this.find(id);
    if (row === undefined) return { letter: null };
    const message = row.payload.slice(0, shownMessageCharacters);
    return { letter: { ...this.toView(row), message, message_cut: message.length < row.payload.length } };
  }

  /** One after the other; a letter that fails again stays open and says why. */
  async redrive(ids: readonly string[]): Promise<{ items: SettledLetter[] }> {
    return this.each(ids, async (row) => {
      if (isLost(row))
        return {
          id: row.id,
          outcome: 'lost',
          detail: 'the message was gone from its stream before it could be kept; only dismissing is left',
        };
      try {
        await this.handleAgain(row.subject, row.payload);
      } catch (error) {
        const why = describeError(error);
        await this.db.query('update dead_letter set redrives = redrives + 1, last_failure = $2 where id = $1', [
          row.id,
          why.slice(0, 1_000),
        ]);
        this.logger.warn({ id: row.id, subject: row.subject, err: error }, `a dead letter failed again: ${why}`);
        return { id: row.id, outcome: 'failed', detail: why };
      }
      await this.db.query(
        `update dead_letter set outcome = 'redriven', settled_at = $2, redrives = redrives + 1, last_failure = ` +
          `null where id = $1 and outcome is null`,
        [row.id, this.clock.now()],
      );
      return { id: row.id, outcome: 'redriven', detail: 'handled' };
    });
  }

  async dismiss(ids: readonly string[]): Promise<{ items: SettledLetter[] }> {
    return this.each(ids, async (row) => {
      await this.db.query(
        `update dead_letter set outcome = 'dismissed', settled_at = $2 where id = $1 and outcome is null`,
        [row.id, this.clock.now()],
      );
      return { id: row.id, outcome: 'dismissed', detail: 'will not be handled' };
    });
  }

  private async each(
    ids: readonly string[],
    settle: (row: LetterRow) => Promise<SettledLetter>,
  ): Promise<{ items: SettledLetter[] }> {
    const items: SettledLetter[] = [];
    for (const id of new Set(ids)) {
      const row = await this.find(id);
      if (row === undefined) continue;
      if (row.outcome === null) items.push(await settle(row));
      else
        items.push({
          id,
          outcome: 'already_settled',
          detail: `was ${row.outcome} at ${row.settled_at?.toISOString() ?? 'an unknown time'}`,
        });
    }
    await this.count();
    return { items };
  }

  private async find(id: string): Promise<LetterRow | undefined> {
    const [row]: LetterRow[] = await this.db.query('select * from dead_letter where id = $1', [id]);
    return row;
  }

  private async count(): Promise<void> {
    try {
      const [row]: { open: number }[] = await this.db.query(
        'select count(*)::int as open from dead_letter where outcome is null',
      );
      this.open = row?.open ?? 0;
      this.metrics.deadLetters.set(this.open);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) this.logger.warn({ err: error }, 'counting dead letters');
    }
  }

  private toView(row: LetterRow): DeadLetterView {
    const state: DeadLetterState = row.outcome ?? 'open';
    return {
      id: row.id,
      service: this.service,
      state,
      stream: row.stream,
      stream_seq: Number(row.stream_seq),
      subject: row.subject,
      lost: isLost(row),
      reason: row.reason,
      deliveries: row.deliveries,
      at: row.at.toISOString(),
      redrives: row.redrives,
      last_failure: row.last_failure,
      settled_at: row.settled_at?.toISOString() ?? null,
    };
  }
}

const isLost = (row: Pick<LetterRow, 'subject'>): boolean => row.subject === '';
