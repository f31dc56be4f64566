import type { MigrationInterface, QueryRunner } from 'typeorm';

const samples = '"rendering"."runtime_sample"';
/** What decides which measurements are of the same work. */
const key = ['workflow', 'gpu', 'changes', 'width', 'height', 'frames', 'steps'];
/** Estimates use no more of one kind of work. */
const kept = 30;
/** Rows per statement: nobody waits for a lock longer than this takes, and vacuum can follow. */
const batch = 5_000;

/**
 * Only the newest measurements of each kind of work are kept; until now all were. Without one transaction around it,
 * so that a large history goes in small steps; every step may be repeated after a crash.
 */
export class NewestSamples1764220000100 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set statement_timeout = 0');
    try {
      // Changes of the graph as far as they take time, sorted as the code sorts them.
      await runner.query(`alter table ${samples} add column if not exists "changes" text not null default ''`);
      await runner.query(`
        update ${samples} set "changes" = (select coalesce(string_agg(step, ' ' order by step collate "C"), '')
          from jsonb_array_elements_text("plan"->'steps') step where step <> 'other_seed')
        where "plan" <> '{"steps": []}' and "changes" = ''`);
      await runner.query(`create index if not exists "runtime_sample_work" on ${samples} (${key.join(', ')}, at desc)`);
      await this.prune(runner);
      await runner.query('drop index if exists "rendering"."runtime_sample_key"');
      await runner.query(`create index if not exists "runtime_sample_card" on ${samples} (workflow, gpu, at desc)`);
      await runner.query(`create index if not exists "runtime_sample_at" on ${samples} (at desc)`);
    } finally {
      await runner.query('reset statement_timeout');
    }
  }

  private async prune(runner: QueryRunner): Promise<void> {
    const works: Record<string, unknown>[] = await runner.query(
      `select ${key.join(', ')} from ${samples} group by ${key.join(', ')} having count(*) > ${kept}`,
    );
    const same = key.map((column, index) => `"${column}" = $${index + 1}`).join(' and ');
    for (const work of works) {
      for (let gone = batch; gone === batch;) {
        const [, count]: [unknown, number] = await runner.query(
          `delete from ${samples} where attempt_id in (select attempt_id from ${samples} where ${same}
            order by at desc, attempt_id offset ${kept} limit ${batch})`,
          key.map((column) => work[column]),
        );
        gone = count;
      }
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop index "rendering"."runtime_sample_at", ' +
        '"rendering"."runtime_sample_card", "rendering"."runtime_sample_work"',
    );
    await runner.query(`create index "runtime_sample_key" on ${samples} ("workflow", "gpu")`);
    await runner.query(`alter table ${samples} drop "changes"`);
  }
}
