import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a job makes otherwise than its inputs might lead one to expect, and whether a film has sound. */
export class SoundAndWarnings1764262070000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table "rendering"."job" add "warnings" jsonb not null default '[]'`);
    await runner.query(`alter table "rendering"."artifact" add "sound" boolean`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table "rendering"."artifact" drop "sound"`);
    await runner.query(`alter table "rendering"."job" drop "warnings"`);
  }
}
