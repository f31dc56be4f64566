import { AppError, describeError, Loop, type Clock, type Logger } from '@tower/kit';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { together, type Part } from './together';

interface Granted {
  fence: string;
}

export interface LeaseTimes {
  /** Milliseconds the database grants. */
  ttlMs: number;
  renewEveryMs: number;
  /** Milliseconds after sending the last good renewal at which the holder stops trusting itself; below `ttlMs`. */
  trustMs: number;
  /** How often somebody without the lease asks for it. */
  askEveryMs: number;
}

export const defaultLeaseTimes: LeaseTimes = { ttlMs: 6_000, renewEveryMs: 2_000, trustMs: 4_000, askEveryMs: 1_000 };

/**
 * Lets one process act alone. The database's clock decides, and the fence number grows with every change of hands, so
 * that a holder that was stopped and woke up late cannot write any more (see `requireFence`). A holder whose database
 * connection is gone is replaced at once: that is safe because of the fence, and makes a kill -9 cost a second instead
 * of the whole term.
 */
export class Lease {
  private runner: QueryRunner | undefined;
  private fence: string | undefined;
  private trustedUntilMs = -Infinity;
  private readonly loop = new Loop();
  /** As the round before saw it. */
  private heldLast: string | undefined;

  constructor(
    private readonly db: DataSource,
    readonly name: string,
    readonly holder: string,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly times: LeaseTimes = defaultLeaseTimes,
  ) {}

  /** The fence to act under, or undefined when this process must not act. */
  held(): string | undefined {
    return this.clock.monotonicMs() < this.trustedUntilMs ? this.fence : undefined;
  }

  /** Asks and renews in the background; `onGained` is called each time the lease changes to us. */
  start(onGained: (fence: string) => void = () => undefined): void {
    this.loop.start(() => this.look(onGained));
  }

  /** Gives the lease back, so that the next holder need not wait. */
  async stop(): Promise<void> {
    await this.loop.stop();
    if (this.held() !== undefined) {
      await this.db
        .query('update lease set until = clock_timestamp() where name = $1 and holder = $2', [this.name, this.holder])
        .catch((error: unknown) => this.logger.warn({ err: error }, 'giving back a lease; it will run out by itself'));
    }
    this.trustedUntilMs = -Infinity;
    await this.dropConnection();
  }

  private async look(onGained: (fence: string) => void): Promise<number> {
    const before = this.held();
    try {
      await this.ask();
    } catch (error) {
      this.logger.debug({ err: error }, `asking for lease ${this.name}: ${describeError(error)}`);
      await this.dropConnection();
    }
    const after = this.held();
    if (after !== undefined && after !== before) {
      this.logger.info({ lease: this.name, fence: after }, 'lease gained');
      onGained(after);
    } else if (after === undefined && this.heldLast !== undefined) {
      // Not `before`: whoever was stopped beyond the term has nothing left by the time it looks.
      this.logger.warn({ lease: this.name, fence: this.heldLast }, 'lease lost');
    }
    this.heldLast = after;
    return after === undefined ? this.times.askEveryMs : this.times.renewEveryMs;
  }

  private async ask(): Promise<void> {
    if (this.runner === undefined) {
      this.runner = this.db.createQueryRunner();
      await this.runner.connect();
    }
    const sentAtMs = this.clock.monotonicMs();
    const rows = await this.renew(this.runner);
    if (rows.length === 0) rows.push(...(await this.take(this.runner)));
    const granted = rows[0];
    if (granted === undefined) {
      this.trustedUntilMs = -Infinity;
      return;
    }
    this.fence = granted.fence;
    this.trustedUntilMs = sentAtMs + this.times.trustMs;
  }

  /**
   * Says nothing of the fence, not even "as it was": an update that names a key column waits for everybody who holds
   * `for key share`, and under load there is always somebody (see `requireFence`).
   */
  private async renew(runner: QueryRunner): Promise<Granted[]> {
    const [rows]: [Granted[], number] = await runner.query(
      `update lease set until = clock_timestamp() + make_interval(secs => $3),
         backend_pid = me.pid, backend_start = me.backend_start
       from pg_stat_activity me
       where me.pid = pg_backend_pid() and name = $1 and holder = $2 and until > clock_timestamp()
       returning fence`,
      [this.name, this.holder, this.times.ttlMs / 1000],
    );
    return rows;
  }

  /** Takes a lease that nobody holds any more, under the next fence; waits for transactions under the fence before. */
  private take(runner: QueryRunner): Promise<Granted[]> {
    const isFree = `(lease.until < clock_timestamp() or not exists (
      select 1 from pg_stat_activity a where a.pid = lease.backend_pid and a.backend_start = lease.backend_start))`;
    // "On conflict" locks the row before it looks at its condition, so a lease in good hands must not come that far.
    return runner.query(
      `insert into lease (name, holder, fence, until, backend_pid, backend_start)
       select $1, $2, 1, clock_timestamp() + make_interval(secs => $3), me.pid, me.backend_start
       from pg_stat_activity me
       where me.pid = pg_backend_pid() and not exists (select 1 from lease where name = $1 and not ${isFree})
       on conflict (name) do update set
         fence = lease.fence + 1, holder = excluded.holder,
         -- Not excluded.until: that was worked out before the wait for the row, if there was one.
         until = clock_timestamp() + make_interval(secs => $3),
         backend_pid = excluded.backend_pid, backend_start = excluded.backend_start
       where ${isFree}
       returning fence`,
      [this.name, this.holder, this.times.ttlMs / 1000],
    );
  }

  private async dropConnection(): Promise<void> {
    const runner = this.runner;
    this.runner = undefined;
    await runner
      ?.release()
      .catch((error: unknown) => this.logger.debug({ err: error }, 'releasing a broken connection'));
  }
}

/**
 * Milliseconds for which a leader's open transaction may say nothing: a stopped process must not keep the lease's row
 * locked beyond its term.
 */
const idleUnderFenceMs = 1_500;

/**
 * First statement of every transaction that a leader writes: fails when the lease has moved on, and keeps it from
 * moving until the commit. `for key share`, because name and fence are a key (a unique index): a change of hands
 * changes the key and waits, a renewal does not and passes.
 */
export async function requireFence(tx: EntityManager, lease: string, fence: string): Promise<void> {
  const rows: unknown[] = await tx.query(
    `select set_config('idle_in_transaction_session_timeout', $3, true)
     from (select 1 from lease where name = $1 and fence = $2 and until > clock_timestamp() for key share) mine`,
    [lease, fence, String(idleUnderFenceMs)],
  );
  if (rows.length === 0) throw leaseLost(lease);
}

/**
 * What a leader writes in one statement, with the lease kept from moving until its commit as `requireFence` does. All
 * of it depends on the part `fence`, which this adds: the parts that stand first say `exists (select from fence)`.
 * `answer` is a list of columns. Fails with `lease_lost` when the lease has moved on.
 */
export async function writeUnderFence<Answer extends object>(
  tx: EntityManager,
  lease: string,
  fence: string,
  parts: Readonly<Record<string, Part>>,
  answer: string,
): Promise<Answer> {
  const held = 'select 1 from lease where name = $1 and fence = $2 and until > clock_timestamp() for key share';
  const [row] = await together<Answer & { leads: boolean }>(
    tx,
    { fence: { sql: held, parameters: [lease, fence] }, ...parts },
    `select exists (select from fence) as leads, ${answer}`,
  );
  if (row?.leads !== true) throw leaseLost(lease);
  return row;
}

const leaseLost = (lease: string): AppError =>
  new AppError('conflict', 'lease_lost', `this process no longer holds ${lease}`);
