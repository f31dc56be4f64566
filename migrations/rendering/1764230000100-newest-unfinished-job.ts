import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every job that comes is held against the newest one that is not over, in case the clock was set back. */
export class NewestUnfinishedJob1764230000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index "job_arrival" on "rendering"."job" ("created_at") where ended_at is null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index "rendering"."job_arrival"`);
  }
}
