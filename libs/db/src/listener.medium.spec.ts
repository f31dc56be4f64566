// Real: PostgreSQL and its notifications.
import { createLogger } from '@tower/kit';
import { createTestDatabase, waitFor, type TestDatabase } from '@tower/testing';
import { Client } from 'pg';
import { NotificationListener } from './listener';

describe('NotificationListener', () => {
  let database: TestDatabase;
  let woken: number;
  let listener: NotificationListener;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    woken = 0;
    listener = new NotificationListener(database.url, 'something', () => (woken += 1), createLogger('test', 'silent'));
  });

  const execute = async (sql: string): Promise<void> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };

  it('stops although it has not connected yet', async () => {
    for (let round = 0; round < 5; round++) {
      listener = new NotificationListener(database.url, 'something', () => undefined, createLogger('test', 'silent'));
      listener.start();
      await listener.stop();
    }
  }, 10_000);

  it('wakes once when it can hear, at every notification, and again after its connection broke', async () => {
    listener.start();
    await waitFor(() => woken === 1);
    await execute("notify something, 'x'");
    await waitFor(() => woken === 2);
    await execute(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = ' +
        "'tower-listen-something' and datname = current_database()",
    );
    await waitFor(() => woken === 3);
    await execute('notify something');
    await waitFor(() => woken === 4);
    await listener.stop();
  });
});
