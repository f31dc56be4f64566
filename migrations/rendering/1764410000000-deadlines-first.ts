import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs that should be ready soonest are found without reading the others. */
export class DeadlinesFirst1764410000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index "job_deadline" on "rendering"."job" ("deadline_at")
        where deadline_at is not null and ended_at is null`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index "rendering"."job_deadline"');
  }
}
