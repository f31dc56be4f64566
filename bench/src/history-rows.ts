import type { DataSource } from 'typeorm';

/** SQL for a column, in terms of the number `nth`. */
type Overrides = Record<string, string>;

/**
 * Ids that can be told from their number; `kind` is one hexadecimal digit. Older than anything that is asked for
 * while the bench runs.
 */
const idOf = (kind: string, n = 'nth'): string =>
  `('0180000${kind}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
export const numberedId = (kind: string, n: number): string =>
  `0180000${kind}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** Rows per statement, below the time that a statement may take. */
const batch = 50_000;

/** Years of use, made by copying what one real job left behind. */
export class HistoryRows {
  constructor(
    private readonly db: DataSource,
    private readonly jobId: string,
  ) {}

  /** Finished jobs from number `from` to `to`, with task, attempt, artifact, parameters and two events each. */
  async finished(from: number, to: number): Promise<void> {
    const at = `now() - interval '700 days' + nth * interval '10 seconds'`;
    const job = { id: idOf('a'), created_at: at, queued_at: at, started_at: at, ended_at: at };
    await this.copy('job', 'id', from, to, {
      ...job,
      state: `case when nth % 1000 = 0 then 'failed' else 'completed' end`,
    });
    await this.copy('task', 'job_id', from, to, { id: idOf('b'), job_id: idOf('a'), created_at: at });
    await this.copy('attempt', 'job_id', from, to, {
      id: idOf('c'),
      job_id: idOf('a'),
      task_id: idOf('b'),
      prompt_id: idOf('c'),
      dispatched_at: at,
      ended_at: at,
    });
    await this.copy('artifact', 'job_id', from, to, {
      id: idOf('d'),
      job_id: idOf('a'),
      task_id: idOf('b'),
      attempt_id: idOf('c'),
      path: `'bench/' || nth || '.png'`,
      created_at: at,
    });
    await this.copy('generation_params', 'job_id', from, to, {
      attempt_id: idOf('c'),
      job_id: idOf('a'),
      recorded_at: at,
    });
    await this.copy('job_event', 'job_id', from, to, { job_id: idOf('a'), at }, 'source.seq <= 2');
  }

  /** Jobs that wait, from number `from` to `to`, with one task each. */
  async queued(from: number, to: number): Promise<void> {
    const at = `now() - interval '1 day' + nth * interval '10 milliseconds'`;
    await this.copy('job', 'id', from, to, {
      id: idOf('e'),
      created_at: at,
      queued_at: at,
      started_at: 'null',
      rendered_at: 'null',
      ended_at: 'null',
      state: `'queued'`,
      error: 'null',
    });
    await this.copy('task', 'job_id', from, to, {
      id: idOf('f'),
      job_id: idOf('e'),
      created_at: at,
      state: `'queued'`,
      attempts: '0',
    });
  }

  private async copy(
    table: string,
    key: string,
    from: number,
    to: number,
    overrides: Overrides,
    where = 'true',
  ): Promise<void> {
    const columns: { name: string }[] = await this.db.query(
      `select column_name as name from information_schema.columns where table_schema = current_schema
        and table_name = $1`,
      [table],
    );
    const names = columns.map(({ name }) => `"${name}"`).join(', ');
    const values = columns.map(({ name }) => overrides[name] ?? `source."${name}"`).join(', ');
    for (let first = from; first <= to; first += batch)
      await this.db.query(
        `insert into ${table} (${names}) select ${values} from ${table} source cross join generate_series($2::int,
          $3::int) nth where source.${key} = $1 and ${where}`,
        [this.jobId, first, Math.min(to, first + batch - 1)],
      );
    await this.db.query(`vacuum analyze ${table}`);
  }
}
