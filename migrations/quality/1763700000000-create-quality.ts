import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createMessagingTables, dropMessagingTables } from '../messaging-tables';

export class CreateQuality1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner, 'quality');
    await runner.query(`
      create table "quality"."threshold" (
        "version" integer not null,
        "metric" text not null,
        "comparison" text not null,
        "value" double precision not null,
        "decides" boolean not null,
        "basis" text not null,
        "created_at" timestamptz not null default now(),
        constraint "threshold_pkey" primary key ("version", "metric"),
        constraint "threshold_comparison" check ("comparison" in ('at_least', 'above', 'at_most', 'below'))
      );
      create table "quality"."verdict" (
        "id" uuid not null,
        "job_id" uuid not null,
        "project_id" uuid not null,
        "task_id" uuid not null,
        "attempt_id" uuid not null,
        "outcome" text not null,
        "reasons" text array not null,
        "threshold_version" integer not null,
        "judged_at" timestamptz not null,
        constraint "verdict_attempt_id_key" unique ("attempt_id"),
        constraint "verdict_pkey" primary key ("id"),
        constraint "verdict_outcome" check ("outcome" in ('passed', 'failed'))
      );
      create index "verdict_job" on "quality"."verdict" ("job_id", "judged_at");
      create table "quality"."quality_score" (
        "verdict_id" uuid not null,
        "artifact_id" uuid not null,
        "metric" text not null,
        "state" text not null,
        "value" double precision,
        "threshold" double precision,
        "passed" boolean,
        "reason" text,
        "measured" jsonb,
        constraint "quality_score_pkey" primary key ("verdict_id", "artifact_id", "metric"),
        constraint "quality_score_state" check ("state" in ('computed', 'not_computed', 'not_applicable')),
        constraint "quality_score_value" check (("state" = 'computed') = ("value" is not null) and ("state" =
        'computed') = ("reason" is null)),
        constraint "quality_score_verdict_id_fkey" foreign key ("verdict_id") references "quality"."verdict" ("id")
      );
      insert into "quality"."threshold" ("version", "metric", "comparison", "value", "decides", "basis") values
        (1, 'file_integrity', 'at_least', 1, true,
        'exact: the container is whole and its SHA-256 is the one recorded at rendering'),
        (1, 'resolution', 'at_least', 1, true, 'exact: both sides as asked for'),
        (1, 'not_black', 'at_least', 2, true,
        'mean and standard deviation of all samples, of 255; ComfyUI turns NaN latents into zeros'),
        (1, 'not_uniform', 'at_least', 1.5, true,
        'largest standard deviation of a channel, of 255; estimate, not published'),
        (1, 'identity', 'above', 0.7, false, 'documented default for CCIP cosine; uncalibrated'),
        (1, 'temporal_lpips', 'below', 0.15, false,
        'documented default for LPIPS AlexNet v0.1 at 256 px, mean of adjacent pairs; uncalibrated'),
        (1, 'motion_smoothness', 'above', 0.95, false, 'documented default; uncalibrated'),
        (1, 'loop_seam', 'at_most', 1.25, false,
        'ratio of the seam to the 95th percentile of adjacent differences, by pixel MAE; starting value'),
        (1, 'scene_continuity', 'above', 0.85, false, 'documented default for DINO; uncalibrated');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "quality"."quality_score", "quality"."verdict", "quality"."threshold"');
    await dropMessagingTables(runner, 'quality');
  }
}
