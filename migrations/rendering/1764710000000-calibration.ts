import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A job may belong to one card, and may be there to measure it. */
export class Calibration1764710000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `alter table "rendering"."job" add column "only_gpu" text,
        add column "calibration" boolean not null default false`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."job" drop column "only_gpu", drop column "calibration"');
  }
}
