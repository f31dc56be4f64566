import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a job is less than was asked for, so that it is ready in time, is told as long as the job is. */
export class GivenUp1764700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table "rendering"."job" add column "given_up" jsonb not null default '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."job" drop column "given_up"');
  }
}
