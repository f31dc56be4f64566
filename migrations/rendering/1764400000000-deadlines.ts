import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs may have a deadline. */
export class Deadlines1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."job" add "deadline_at" timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."job" drop "deadline_at"');
  }
}
