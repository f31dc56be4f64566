import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files that are being decoded, and those whose decoding never ended. */
export class DeadlyFiles1764250000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "quality"."deadly_file" (
        "artifact_id" uuid not null, "deaths" integer not null, "cut_off" integer not null, "at" timestamptz not null,
        constraint "deadly_file_pkey" primary key ("artifact_id")
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "quality"."deadly_file"');
  }
}
