import { jobEndTypes } from '@tower/contracts';
import { Client } from 'pg';

export interface TableSize {
  readonly rows: number;
  readonly mb: number;
}

/** Every table of Tower's schemas with its rows and its size on disk (indexes included), by `schema.table`. */
export async function tableSizes(databaseUrl: string): Promise<Record<string, TableSize>> {
  return connected(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string; bytes: string }>(
      `select format('%I.%I', schemaname, relname) as name, pg_total_relation_size(relid) as bytes
       from pg_stat_user_tables where schemaname <> 'public' order by 1`,
    );
    const sizes: Record<string, TableSize> = {};
    for (const { name, bytes } of rows) {
      const counted = await client.query<{ rows: string }>(`select count(*) as rows from ${name}`);
      sizes[name] = { rows: Number(counted.rows[0]?.rows), mb: Math.round(Number(bytes) / 1e4) / 100 };
    }
    return sizes;
  });
}

/** Dead letters of all services, counted by service, consumer and reason. */
export async function deadLetters(
  databaseUrl: string,
): Promise<{ schema: string; consumer: string; reason: string; count: number }[]> {
  return connected(databaseUrl, async (client) => {
    const { rows } = await client.query<{ schema: string }>(
      "select schemaname as schema from pg_stat_user_tables where relname = 'dead_letter' order by 1",
    );
    const letters = [];
    for (const { schema } of rows) {
      const found = await client.query<{ consumer: string; reason: string; count: number }>(
        `select consumer, reason, count(*)::int as count from ` +
          `"${schema}".dead_letter group by 1, 2 order by 3 desc limit 20`,
      );
      letters.push(...found.rows.map((row) => ({ schema, ...row })));
    }
    return letters;
  });
}

/**
 * Jobs by their state, and what the states promise: an end that is written once, events without a gap, one result per
 * picture.
 */
export async function endings(
  databaseUrl: string,
): Promise<{ states: Record<string, number>; broken: Record<string, number> }> {
  return connected(databaseUrl, async (client) => {
    const one = async (sql: string, values?: unknown[]): Promise<number> =>
      Number((await client.query<{ n: string }>(sql, values)).rows[0]?.n);
    const states = await client.query<{ state: string; n: number }>(
      'select state, count(*)::int as n from rendering.job group by 1',
    );
    return {
      states: Object.fromEntries(states.rows.map(({ state, n }) => [state, n])),
      broken: {
        jobs_without_end: await one('select count(*) as n from rendering.job where ended_at is null'),
        jobs_with_other_than_one_end: await one(
          `select count(*) as n from (select job_id from rendering.job_event where type = any($1) group by 1
             having count(*) <> 1) odd`,
          [jobEndTypes],
        ),
        jobs_with_gaps_in_their_events: await one(
          'select count(*) as n from (select job_id from rendering.job_event group by 1 ' +
            'having max(seq) <> count(*) or min(seq) <> 1) odd',
        ),
        open_attempts: await one(
          'select count(*) as n from rendering.attempt where state in ' +
            "('dispatching', 'running', 'collecting', 'checking')",
        ),
        completed_tasks_without_artifact: await one(
          `select count(*) as n from rendering.task t join rendering.job j on j.id = t.job_id
           where j.state = 'completed' and not exists (select from rendering.artifact a where a.task_id = t.id)`,
        ),
        unpublished_events: await one('select count(*) as n from rendering.outbox where published_at is null'),
      },
    };
  });
}

async function connected<Result>(databaseUrl: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
