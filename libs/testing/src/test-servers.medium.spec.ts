// Real: the PostgreSQL that jest's global setup started, and a NATS server of this file.
import { existsSync } from 'node:fs';
import { connect, StorageType } from 'nats';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from './test-database';
import { startTestNats } from './test-nats';
import { waitFor } from './wait-for';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a test database', () => {
  const made: TestDatabase[] = [];
  afterAll(() => Promise.all(made.map((database) => database.drop())));

  it('has the tables of its service, and what one spec writes no other sees', async () => {
    const [first, second] = await Promise.all([createTestDatabase('projects'), createTestDatabase('projects')]);
    made.push(first, second);
    await query(first.url, `insert into projects.inbox(consumer, event_id) values ('écho', gen_random_uuid())`);
    expect(await query(second.url, 'select * from projects.inbox')).toEqual([]);
    expect(await query(second.url, 'select * from projects.project')).toEqual([]);
  });

  it('is made once for many that ask at the same time', async () => {
    made.push(...(await Promise.all(Array.from({ length: 8 }, () => createTestDatabase('echo-bridge')))));
    expect(new Set(made.map(({ name }) => name)).size).toBe(made.length);
    const [row] = await query(
      made[0]?.url ?? '',
      `select count(*)::int as templates from pg_database where datname like 'template_echo_bridge%'`,
    );
    expect(row).toEqual({ templates: 1 });
  });

  it('is empty without a service, and gone after drop even when a connection was left open', async () => {
    const database = await createTestDatabase();
    const forgotten = new Client({ connectionString: database.url });
    forgotten.on('error', () => undefined);
    await forgotten.connect();
    expect(
      (await forgotten.query(`select 1 from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`))
        .rows,
    ).toEqual([]);
    await database.drop();
    await expect(query(database.url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
  });
});

describe('a test NATS', () => {
  it('keeps its port and what it stored through restart and kill, and removes the store at the end', async () => {
    const nats = await startTestNats();
    const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
    // A request that is under way while the server goes away is answered by nobody.
    const manager = await connection.jetstreamManager({ timeout: 300 });
    await manager.streams.add({ name: 'FACTS', subjects: ['facts'], storage: StorageType.File });
    await connection.jetstream().publish('facts', 'one');
    await nats.restart();
    await waitFor(() => connection.jetstream({ timeout: 300 }).publish('facts', 'two', { msgID: 'two' }), {
      describe: 'the second fact',
    });
    await nats.kill();
    await nats.kill();
    await nats.start();
    const { state } = await waitFor(() => manager.streams.info('FACTS'));
    expect(state.messages).toBe(2);
    await connection.close();
    await nats.close();
    expect(existsSync(nats.storeDir)).toBe(false);
  });
});
