// Real: PostgreSQL. Holders are leases on connection pools of their own; the pause of a process is a holder that never
// comes back to renew.
import { AppError, createLogger, newId, systemClock, type Clock } from '@tower/kit';
import { createTestDatabase, waitFor, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { databaseFor } from './database';
import { defaultLeaseTimes, Lease, requireFence, type LeaseTimes } from './lease';

const logger = createLogger('test', 'silent');
const never = 600_000;
const quick: LeaseTimes = { ttlMs: 1_000, renewEveryMs: 200, trustMs: 700, askEveryMs: 50 };
/** Gets the lease once and is then stopped by the operating system, as it were. */
const paused: LeaseTimes = { ...quick, renewEveryMs: never };

let database: TestDatabase;
let db: DataSource;
const opened: DataSource[] = [];
const leases: Lease[] = [];

beforeEach(async () => {
  database = await createTestDatabase('projects');
  db = await open('spec');
});

afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.stop()));
  await Promise.all(opened.splice(0).map((source) => source.destroy()));
  await database.drop();
});

async function open(applicationName: string): Promise<DataSource> {
  const source = await databaseFor({
    url: database.url,
    schema: 'projects',
    service: 'projects',
    applicationName,
    poolSize: 4,
  }).initialize();
  opened.push(source);
  return source;
}

function holder(source: DataSource, times: LeaseTimes, clock: Clock = systemClock): { lease: Lease; gained: string[] } {
  const lease = new Lease(source, 'scheduler', newId(), clock, logger, times);
  leases.push(lease);
  const gained: string[] = [];
  lease.start((fence) => gained.push(fence));
  return { lease, gained };
}

const killConnectionsOf = (applicationName: string): Promise<unknown> =>
  db.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [applicationName]);

describe('a lease', () => {
  it('has one holder among many who ask', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map(async (name) => holder(await open(name), quick)));
    await waitFor(() => all.some(({ lease }) => lease.held() !== undefined));
    // Longer than the term: the holder renews, and nobody else gets in.
    const until = performance.now() + 1_500;
    while (performance.now() < until) {
      expect(all.filter(({ lease }) => lease.held() !== undefined)).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(all.flatMap(({ gained }) => gained)).toEqual(['1']);
  });

  it('passes on at once when its holder gives it back, with a higher fence', async () => {
    const first = holder(db, { ...defaultLeaseTimes, askEveryMs: 50 });
    await waitFor(() => first.lease.held() === '1');
    const second = holder(await open('second'), { ...defaultLeaseTimes, askEveryMs: 50 });
    await first.lease.stop();
    expect(first.lease.held()).toBeUndefined();
    await waitFor(() => second.lease.held() === '2', 1_000);
  });

  it('passes on within three seconds when its holder was killed', async () => {
    const first = holder(await open('doomed'), { ...defaultLeaseTimes, renewEveryMs: never });
    await waitFor(() => first.lease.held() === '1');
    const second = holder(await open('heir'), defaultLeaseTimes);
    await waitFor(
      async () =>
        (
          (await db.query(
            "select 1 from pg_stat_activity where application_name = 'heir' and query like 'insert into lease%'",
          )) as unknown[]
        ).length > 0,
    );
    expect(second.lease.held()).toBeUndefined();
    // The operating system closes a killed process's connections.
    await killConnectionsOf('doomed');
    await waitFor(() => second.lease.held() === '2', 3_000);
  });

  it('passes on when its holder no longer renews although its connection lives', async () => {
    const first = holder(await open('paused'), paused);
    await waitFor(() => first.lease.held() === '1');
    const second = holder(db, quick);
    const startedAt = performance.now();
    await waitFor(() => second.lease.held() === '2', quick.ttlMs + 1_000);
    // Not before the term was over.
    expect(performance.now() - startedAt).toBeGreaterThan(quick.ttlMs - 500);
  });

  it('is not trusted by a holder who cannot renew, before anybody else can have it', async () => {
    let nowMs = 0;
    const { lease } = holder(db, { ...paused, ttlMs: never }, { now: () => new Date(), monotonicMs: () => nowMs });
    await waitFor(() => lease.held() === '1');
    nowMs = paused.trustMs - 1;
    expect(lease.held()).toBe('1');
    nowMs = paused.trustMs;
    expect(lease.held()).toBeUndefined();
  });

  it('keeps its fence when its holder lost the connection and nobody else came', async () => {
    const { lease, gained } = holder(await open('shaky'), quick);
    await waitFor(() => lease.held() === '1');
    await killConnectionsOf('shaky');
    await waitFor(
      async () =>
        (
          (await db.query(
            'select 1 from lease l join pg_stat_activity a on a.pid = l.backend_pid and a.backend_start = ' +
              "l.backend_start where l.name = 'scheduler'",
          )) as unknown[]
        ).length > 0,
    );
    await waitFor(() => lease.held() === '1');
    expect(gained).toEqual(['1']);
  });
});

describe('requireFence', () => {
  it('refuses the write of a holder who woke up too late', async () => {
    const first = holder(await open('paused'), paused);
    await waitFor(() => first.lease.held() === '1');
    const second = holder(db, quick);
    await waitFor(() => second.lease.held() === '2');
    const write = (fence: string): Promise<void> => db.transaction((tx) => requireFence(tx, 'scheduler', fence));
    await expect(write('1')).rejects.toMatchObject({
      kind: 'conflict',
      code: 'lease_lost',
    } satisfies Partial<AppError>);
    await expect(write('2')).resolves.toBeUndefined();
  });

  it('refuses a term that is over although nobody else came', async () => {
    const { lease } = holder(db, { ...paused, ttlMs: 200 });
    await waitFor(() => lease.held() === '1');
    await waitFor(
      async () => ((await db.query('select 1 from lease where until < clock_timestamp()')) as unknown[]).length > 0,
    );
    await expect(db.transaction((tx) => requireFence(tx, 'scheduler', '1'))).rejects.toMatchObject({
      code: 'lease_lost',
    });
  });

  it('passes on although its holder was stopped in the middle of a transaction', async () => {
    const stopped = await open('stopped');
    const first = holder(stopped, paused);
    await waitFor(() => first.lease.held() === '1');
    const runner = stopped.createQueryRunner();
    await runner.startTransaction();
    await requireFence(runner.manager, 'scheduler', '1');
    const second = holder(await open('second'), quick);
    // The row stays locked until the database loses patience with the silent transaction; the term itself is one
    // second.
    await waitFor(() => second.lease.held() === '2', 4_000);
    await expect(runner.commitTransaction()).rejects.toThrow();
    await runner.release();
  });

  it('keeps the lease from moving until the transaction has ended', async () => {
    const first = holder(await open('paused'), { ...paused, ttlMs: 400 });
    await waitFor(() => first.lease.held() === '1');
    let second: ReturnType<typeof holder> | undefined;
    const heirs = await open('heir');
    await db.transaction(async (tx) => {
      await requireFence(tx, 'scheduler', '1');
      second = holder(heirs, quick);
      await waitFor(
        async () =>
          (
            (await tx.query(
              "select 1 from pg_stat_activity where application_name = 'heir' and wait_event_type = 'Lock'",
            )) as unknown[]
          ).length > 0,
      );
      await waitFor(
        async () => ((await tx.query('select 1 from lease where until < clock_timestamp()')) as unknown[]).length > 0,
      );
      expect(second.lease.held()).toBeUndefined();
    });
    await waitFor(() => second?.lease.held() === '2');
  });

  it('lets several transactions of the holder run side by side', async () => {
    const { lease } = holder(db, quick);
    await waitFor(() => lease.held() === '1');
    let inside = 0;
    let most = 0;
    const write = (): Promise<void> =>
      db.transaction(async (tx) => {
        await requireFence(tx, 'scheduler', '1');
        most = Math.max(most, ++inside);
        await tx.query('select pg_sleep(0.1)');
        inside--;
      });
    await Promise.all([write(), write()]);
    expect(most).toBe(2);
  });

  it('does not keep the lease from being renewed, however many write at once', async () => {
    const writers = 32;
    const { lease, gained } = holder(await open('holder'), quick);
    await waitFor(() => lease.held() === '1');
    const busy = await databaseFor({
      url: database.url,
      schema: 'projects',
      service: 'projects',
      poolSize: writers,
    }).initialize();
    opened.push(busy);
    const until = performance.now() + 4 * quick.ttlMs;
    let writes = 0;
    const write = async (): Promise<void> => {
      while (performance.now() < until) {
        await busy.transaction(async (tx) => {
          await requireFence(tx, 'scheduler', '1');
          await tx.query('select pg_sleep(0.02)');
        });
        expect(lease.held()).toBe('1');
        writes++;
      }
    };
    await Promise.all(Array.from({ length: writers }, write));
    expect(gained).toEqual(['1']);
    expect(writes).toBeGreaterThan(writers * 4);
  });

  it('does not wait for a renewal that is under way', async () => {
    const { lease } = holder(await open('paused'), { ...paused, ttlMs: never });
    await waitFor(() => lease.held() === '1');
    await db.transaction(async (renewal) => {
      await renewal.query("update lease set until = until + interval '1 s' where name = 'scheduler'");
      await db.transaction((tx) => requireFence(tx, 'scheduler', '1'));
    });
  });

  it('lets those who only ask neither wait for its writers nor hold them up', async () => {
    const { lease } = holder(await open('holder'), quick);
    await waitFor(() => lease.held() === '1');
    await db.transaction(async (tx) => {
      await requireFence(tx, 'scheduler', '1');
      holder(await open('heir'), quick);
      const answered =
        "select 1 from pg_stat_activity where application_name = 'heir' and query " +
        "like 'insert into lease%' and state = 'idle'";
      await waitFor(async () => {
        // Said often enough not to be ended as a silent transaction.
        await tx.query('select 1');
        return ((await db.query(answered)) as unknown[]).length > 0;
        // Before the database's patience with somebody who waits for a lock is over, which ends the statement as well.
      }, 5_000);
    });
  });
});
