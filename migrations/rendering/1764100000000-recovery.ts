import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What recovery learns and remembers: memory needs, faults of cards, restarts. */
export class Recovery1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "rendering"."vram_need" (
        "workflow" text not null, "model_name" text not null, "width" integer not null, "height" integer not null,
        "frames" integer not null, "steps" text not null,
        "too_small_mb" integer, "estimate_mb" integer, "fits_mb" integer, "at" timestamptz not null,
        constraint "vram_need_pkey" primary key ("workflow", "model_name", "width", "height", "frames", "steps")
      );
      create table "rendering"."gpu_restart" (
        "id" uuid not null, "gpu" text not null, "at" timestamptz not null, "because" text not null, "ended_at"
        timestamptz, "exit_code" integer, "output" text not null,
        constraint "gpu_restart_pkey" primary key ("id")
      );
      create index "gpu_restart_gpu" on "rendering"."gpu_restart" ("gpu", "at");
      alter table "rendering"."task" add "wants_model" jsonb;
      alter table "rendering"."gpu" add "health" jsonb not null default '{"failuresInRow":0,"trouble":null}', add
      "warnings" jsonb not null default '[]';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."gpu" drop "health", drop "warnings"');
    await runner.query('alter table "rendering"."task" drop "wants_model"');
    await runner.query('drop table "rendering"."gpu_restart", "rendering"."vram_need"');
  }
}
