// Real: PostgreSQL.
import { projectCreated } from '@tower/contracts';
import { createLogger, newId, systemClock } from '@tower/kit';
import { createTestDatabase, Plans, waitFor, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { databaseFor } from './database';
import { handleOnce, wasHandled } from './inbox';
import { NotificationListener } from './listener';
import { maxEventBytes, Outbox } from './outbox';
import { pruneMessaging } from './retention';

let database: TestDatabase;
let db: DataSource;
const outbox = new Outbox('projects', systemClock);
const provenance = { correlationId: newId() };
const aProject = (name = 'Dämmerung 夜明け') => ({ projectId: newId(), name, slug: 'dammerung' });

beforeEach(async () => {
  database = await createTestDatabase('projects');
  db = await databaseFor({ url: database.url, schema: 'projects', service: 'projects' }).initialize();
});

afterEach(async () => {
  await db.destroy();
  await database.drop();
});

describe('the outbox', () => {
  it('keeps the whole envelope, as the definition reads it back', async () => {
    const project = aProject();
    const id = await db.transaction((tx) =>
      outbox.add(tx, projectCreated, project, { ...provenance, causationId: newId() }),
    );
    const [row]: { payload: unknown; subject: string; stream: string; aggregate: string }[] =
      await db.query('select * from outbox');
    expect(projectCreated.parse(row?.payload)).toMatchObject({ id, source: 'projects', data: project });
    expect(row).toMatchObject({
      stream: 'PROJECTS',
      subject: `evt.projects.v1.project_created.${project.projectId}`,
      aggregate: project.projectId,
    });
  });

  it('refuses facts that the event does not promise, and takes the whole transaction with it', async () => {
    const wrong = { ...aProject(), projectId: 'not a uuid' };
    await expect(
      db.transaction(async (tx) => {
        await outbox.add(tx, projectCreated, aProject(), provenance);
        await outbox.add(tx, projectCreated, wrong, provenance);
      }),
    ).rejects.toThrow();
    expect(await db.query('select 1 from outbox')).toEqual([]);
  });

  it('refuses an event of more than 256 KiB, and takes the whole transaction with it', async () => {
    const add = (name: string): Promise<unknown> =>
      db.transaction(async (tx) => {
        await outbox.add(tx, projectCreated, aProject(), provenance);
        await outbox.add(tx, projectCreated, aProject(name), provenance);
      });
    await expect(add('夜'.repeat(maxEventBytes / 3))).rejects.toMatchObject({
      kind: 'too_large',
      code: 'event_too_large',
    });
    expect(await db.query('select 1 from outbox')).toEqual([]);
    await add('夜'.repeat(maxEventBytes / 3 - 500));
    expect(await db.query('select 1 from outbox')).toHaveLength(2);
  });
});

describe('the inbox', () => {
  it('notes an event only together with its work', async () => {
    const id = newId();
    await expect(handleOnce(db, 'characters', id, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await wasHandled(db, 'characters', id)).toBe(false);
    expect(await handleOnce(db, 'characters', id, () => Promise.resolve())).toBe(true);
    expect(await wasHandled(db, 'characters', id)).toBe(true);
    expect(await handleOnce(db, 'characters', id, () => Promise.reject(new Error('never run')))).toBe(false);
  });

  it('keeps its readers apart', async () => {
    const id = newId();
    await handleOnce(db, 'characters', id, () => Promise.resolve());
    expect(await wasHandled(db, 'quality', id)).toBe(false);
  });
});

describe('a notification listener', () => {
  it('is woken at the commit and not before, and again after its connection broke', async () => {
    let woken = 0;
    const listener = new NotificationListener(
      database.url,
      'outbox_projects',
      () => woken++,
      createLogger('test', 'silent'),
    );
    listener.start();
    await waitFor(() => woken === 1);
    await db.transaction(async (tx) => {
      await outbox.add(tx, projectCreated, aProject(), provenance);
      await tx.query('select pg_sleep(0.1)');
      expect(woken).toBe(1);
    });
    await waitFor(() => woken === 2);

    await db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tower-listen-outbox_projects'",
    );
    // What was sent meanwhile is lost, so it looks again by itself.
    await waitFor(() => woken === 3);
    await db.transaction((tx) => outbox.add(tx, projectCreated, aProject(), provenance));
    await waitFor(() => woken === 4);
    await listener.stop();
  });

  it('stops while its server cannot be reached', async () => {
    const listener = new NotificationListener(
      'postgres://nobody@127.0.0.1:1/none',
      'nothing',
      () => undefined,
      createLogger('test', 'silent'),
    );
    listener.start();
    const startedAt = performance.now();
    await listener.stop();
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });
});

describe('pruning', () => {
  it('removes what no repair or repeat can need, and never what waits to be sent', async () => {
    await db.transaction(async (tx) => {
      for (const name of ['sent long ago', 'sent lately', 'waiting since long'])
        await outbox.add(tx, projectCreated, aProject(name), provenance);
    });
    await db.query(
      "update outbox set published_at = now() - interval '15 days' where payload->'data'->>'name' = 'sent long ago'",
    );
    await db.query(
      "update outbox set published_at = now() - interval '13 days' where payload->'data'->>'name' = 'sent lately'",
    );
    await db.query("update outbox set created_at = now() - interval '90 days' where published_at is null");
    await db.query(
      "insert into inbox (consumer, event_id, at) select 'c', gen_random_uuid(), now() " +
        "- interval '31 days' from generate_series(1, 5000)",
    );
    await db.query("insert into inbox (consumer, event_id, at) values ('c', $1, now() - interval '29 days')", [
      newId(),
    ]);
    await db.query(
      "insert into idempotency (scope, key, request_hash, response, at) values ('s', 'old', 'h', '{}', now() - " +
        "interval '8 days'), ('s', 'new', 'h', '{}', now())",
    );

    expect(await pruneMessaging(db)).toBe(1 + 5000 + 1);
    expect(await db.query("select payload->'data'->>'name' as name from outbox order by id")).toEqual([
      { name: 'sent lately' },
      { name: 'waiting since long' },
    ]);
    expect(await db.query('select count(*)::int as n from inbox')).toEqual([{ n: 1 }]);
    expect(await db.query('select key from idempotency')).toEqual([{ key: 'new' }]);
  });

  it('lets go of dead letters that nobody looked at for three months', async () => {
    await db.query(`insert into dead_letter (id, stream, consumer, stream_seq, subject, reason, deliveries, payload, at)
      select gen_random_uuid(), 'S', 'c', n, '', 'why', 8, '', now() - n * interval '1 day' from unnest(array[1, 89, 91,
      400]) n`);
    expect(await pruneMessaging(db)).toBe(2);
    expect(await db.query('select stream_seq from dead_letter order by stream_seq')).toEqual([
      { stream_seq: '1' },
      { stream_seq: '89' },
    ]);
  });

  it('finds that there is nothing to do without reading what is young', async () => {
    await db.query(
      "insert into inbox (consumer, event_id) select 'c', gen_random_uuid() from generate_series(1, 20000)",
    );
    await db.query(
      "insert into idempotency (scope, key, request_hash, response) select 's', " +
        "n::text, 'h', '{}' from generate_series(1, 20000) n",
    );
    await db.query(
      'insert into dead_letter (id, stream, consumer, stream_seq, subject, reason, deliveries, payload) select ' +
        "gen_random_uuid(), 'S', 'c', n, '', '', 8, '' from generate_series(1, 20000) n",
    );
    await db.query(
      "insert into outbox (stream, subject, msg_id, aggregate, payload, published_at, stream_seq) select 'S', " +
        "'s', gen_random_uuid(), 'a', '{}', now(), n from generate_series(1, 20000) n",
    );
    for (const table of ['inbox', 'idempotency', 'dead_letter', 'outbox']) await db.query(`vacuum analyze ${table}`);
    const plans = Plans.watch(db);
    expect(await pruneMessaging(db)).toBe(0);
    expect(plans.statements).toHaveLength(5);
    expect(await plans.faults(['inbox', 'idempotency', 'dead_letter', 'outbox'])).toEqual([]);
  });
});
