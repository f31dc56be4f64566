import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createMessagingTables, dropMessagingTables } from '../messaging-tables';

export class CreateRendering1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner, 'rendering');
    await runner.query(`
      create table "rendering"."job" (
        "id" uuid not null, "project_id" uuid not null, "project_slug" text not null, "character_ids" jsonb not null,
        "job_type" text not null,
        "workflow" text not null, "workflow_version" integer not null, "preset" text not null, "priority" text not null,
        "rank" smallint not null,
        "state" text not null, "prompt" text not null, "negative_prompt" text not null, "full_prompt" text not null,
        "full_negative_prompt" text not null,
        "model_name" text not null, "width" integer not null, "height" integer not null, "steps" integer not null,
        "cfg_scale" double precision not null,
        "sampler_name" text not null, "scheduler" text not null, "seed" bigint not null, "count" integer not null,
        "auto_quality_check" boolean not null, "max_regenerations" integer not null, "seq" integer not null, "error"
        jsonb, "correlation_id" uuid not null,
        "created_at" timestamptz not null, "queued_at" timestamptz, "started_at" timestamptz, "rendered_at" timestamptz,
        "ended_at" timestamptz,
        constraint "job_pkey" primary key ("id"),
        constraint "job_state_known" check (state in
        ('pending','queued','processing','quality_check','completed','rejected','failed','timeout','cancelled')),
        constraint "job_end_is_terminal" check ((ended_at is not null) = (state in
        ('completed','rejected','failed','timeout','cancelled')))
      );
      create index "job_project" on "rendering"."job" ("project_id");
      create index "job_unfinished" on "rendering"."job" ("rank", "created_at") where ended_at is null;
      create table "rendering"."task" (
        "id" uuid not null, "job_id" uuid not null, "idx" integer not null, "state" text not null, "seed" bigint not
        null, "attempts" integer not null,
        "losses" integer not null, "regenerations" integer not null, "excluded_gpus" jsonb not null, "not_before"
        timestamptz, "error" jsonb,
        "created_at" timestamptz not null,
        constraint "task_pkey" primary key ("id")
      );
      create index "task_job" on "rendering"."task" ("job_id");
      create index "task_waiting" on "rendering"."task" ("created_at") where state = 'queued';
      create table "rendering"."attempt" (
        "id" uuid not null, "task_id" uuid not null, "job_id" uuid not null, "n" integer not null, "gpu" text not null,
        "prompt_id" uuid not null,
        "state" text not null, "seed" bigint not null, "fence" bigint not null, "dispatched_at" timestamptz not null,
        "post_deadline" timestamptz not null,
        "started_at" timestamptz, "ended_at" timestamptz, "seconds" double precision, "estimated_seconds" double
        precision, "outcome" text, "outputs" jsonb, "error" jsonb,
        "progress" jsonb, "verdict" text, "scores" jsonb not null,
        constraint "attempt_prompt_id_key" unique ("prompt_id"),
        constraint "attempt_pkey" primary key ("id")
      );
      create index "attempt_job" on "rendering"."attempt" ("job_id");
      create unique index "one_live_attempt_per_gpu" on "rendering"."attempt" ("gpu") where state in ('dispatching',
      'running');
      create unique index "one_open_attempt_per_task" on "rendering"."attempt" ("task_id") where state in
      ('dispatching', 'running', 'collecting', 'checking');
      create table "rendering"."job_event" (
        "job_id" uuid not null, "seq" integer not null, "type" text not null, "at" timestamptz not null, "data" jsonb
        not null,
        constraint "job_event_pkey" primary key ("job_id", "seq")
      );
      create table "rendering"."artifact" (
        "id" uuid not null, "job_id" uuid not null, "task_id" uuid not null, "attempt_id" uuid not null, "role" text not
        null, "idx" integer not null,
        "path" text not null, "sha256" text not null, "bytes" bigint not null, "media_type" text not null, "width"
        integer not null, "height" integer not null,
        "simulated" boolean not null, "created_at" timestamptz not null,
        constraint "artifact_path_key" unique ("path"),
        constraint "artifact_pkey" primary key ("id")
      );
      create index "artifact_job" on "rendering"."artifact" ("job_id");
      create unique index "one_artifact_per_place" on "rendering"."artifact" ("attempt_id", "role", "idx");
      create table "rendering"."generation_params" (
        "attempt_id" uuid not null, "job_id" uuid not null, "graph" jsonb not null, "graph_sha256" text not null,
        "parameters" jsonb not null,
        "workflow" text not null, "workflow_version" integer not null, "comfyui_version" text, "device" text,
        "pytorch_version" text,
        "recorded_at" timestamptz not null,
        constraint "generation_params_pkey" primary key ("attempt_id")
      );
      create table "rendering"."runtime_sample" (
        "attempt_id" uuid not null, "workflow" text not null, "gpu" text not null, "model_name" text not null, "width"
        integer not null,
        "height" integer not null, "steps" integer not null, "seconds" double precision not null, "at" timestamptz not
        null,
        constraint "runtime_sample_pkey" primary key ("attempt_id")
      );
      create index "runtime_sample_key" on "rendering"."runtime_sample" ("workflow", "gpu");
      create table "rendering"."gpu" (
        "name" text not null, "config" jsonb not null, "position" integer not null, "state" text not null, "detail" text
        not null, "inventory" jsonb,
        "foreign_prompts" integer not null, "last_seen_at" timestamptz, "configured" boolean not null,
        constraint "gpu_pkey" primary key ("name")
      );
    `);
    // Wakes the scheduler; the content of a notification is never used.
    await runner.query(`
      create function "rendering"."wake_scheduler"() returns trigger language plpgsql as $$ begin perform
      pg_notify('rendering_work', ''); return null; end $$;
      create trigger "task_wake" after insert or update of state on "rendering"."task" for each statement execute
      function "rendering"."wake_scheduler"();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table "rendering"."gpu", "rendering"."runtime_sample", "rendering"."generation_params", ' +
        '"rendering"."artifact", "rendering"."job_event", "rendering"."attempt", "rendering"."task", "rendering"."job"',
    );
    await runner.query('drop function "rendering"."wake_scheduler"()');
    await dropMessagingTables(runner, 'rendering');
  }
}
