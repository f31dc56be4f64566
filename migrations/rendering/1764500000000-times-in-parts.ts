import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an attempt was expected to take and what its time went into, apart; and what a card holds in memory. */
export class TimesInParts1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table "rendering"."attempt"
      add "estimate" jsonb,
      add "models" jsonb not null default '[]',
      add "missing" jsonb not null default '[]',
      add "timings" jsonb`);
    await runner.query(`alter table "rendering"."runtime_sample"
      add "load_seconds" double precision,
      add "sampling_seconds" double precision,
      add "fixed_seconds" double precision,
      add "passes" double precision not null default 1,
      add "missing" jsonb not null default '[]'`);
    // What older attempts took in all is known, and how they were sampled; what was loaded is not.
    await runner.query(`update "rendering"."runtime_sample" set passes = greatest(1, steps) * 2`);
    await runner.query(`alter table "rendering"."gpu" add "resident" jsonb not null default '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."gpu" drop "resident"');
    await runner.query(`alter table "rendering"."runtime_sample"
      drop "missing", drop "passes", drop "fixed_seconds", drop "sampling_seconds", drop "load_seconds"`);
    await runner.query(`alter table "rendering"."attempt"
      drop "timings", drop "missing", drop "models", drop "estimate"`);
  }
}
