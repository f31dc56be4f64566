import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What people decide by hand: cards that are drained, memory that other programs claim, jobs and a queue that are
 * paused, an order among jobs, jobs that repeat others. The queue's indexes leave paused tasks out, so that whoever
 * gives out work does not pass them at each look.
 */
export class Steering1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A year of attempts takes longer than any statement of ours may.
    await runner.query('set local statement_timeout = 0');
    await runner.query(`
      alter table "rendering"."gpu" add "drained" jsonb;
      create table "rendering"."gpu_claim" (
        "id" uuid not null, "gpu" text not null, "megabytes" integer not null, "who" text not null,
        "since" timestamptz not null, "until" timestamptz not null, "ended_at" timestamptz,
        "settled_at" timestamptz, "freed" boolean not null default false,
        constraint "gpu_claim_pkey" primary key ("id")
      );
      create index "gpu_claim_open" on "rendering"."gpu_claim" ("gpu") where ended_at is null;
      create table "rendering"."queue_pause" (
        "id" smallint not null default 1, "by" text not null, "reason" text not null, "since" timestamptz not null,
        constraint "queue_pause_pkey" primary key ("id"), constraint "queue_pause_once" check (id = 1)
      );
      create table "rendering"."queue_order" (
        "first_job" uuid not null, "then_job" uuid not null, "moved_job" uuid not null, "at" timestamptz not null,
        constraint "queue_order_pkey" primary key ("first_job", "then_job")
      );

      alter table "rendering"."job" add "paused" jsonb, add "retry_of" uuid;
      create index "job_paused" on "rendering"."job" ("id") where paused is not null and ended_at is null;
      create index "job_retry_of" on "rendering"."job" ("retry_of") where retry_of is not null;
      alter table "rendering"."task" add "paused" boolean not null default false;
      drop index "rendering"."task_ready", "rendering"."task_ready_kind";
      create index "task_ready" on "rendering"."task" ("rank", "created_at", "job_id", "idx")
        where state = 'queued' and not_before is null and not paused;
      create index "task_ready_kind" on "rendering"."task" ("kind", "rank", "created_at", "job_id", "idx")
        where state = 'queued' and not_before is null and not paused;
      create index "task_paused" on "rendering"."task" ("job_id")
        where state = 'queued' and not_before is null and paused;
      create index "attempt_on_gpu" on "rendering"."attempt" ("gpu", "dispatched_at");
    `);
    for (const [table, column] of [
      ['task', 'paused'],
      ['gpu', 'drained'],
    ])
      await runner.query(`
        create trigger "${table}_${column}" after update of "${column}" on "rendering"."${table}" for each row
          when (old."${column}" is distinct from new."${column}")
          execute function "rendering"."tell_snapshot_changed"();
      `);
    for (const table of ['gpu_claim', 'queue_pause', 'queue_order'])
      await runner.query(`
        create trigger "${table}_told" after insert or update or delete on "rendering"."${table}"
          for each statement execute function "rendering"."tell_snapshot_changed"();
        create trigger "${table}_wake" after insert or update or delete on "rendering"."${table}"
          for each statement execute function "rendering"."wake_scheduler"();
      `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('set local statement_timeout = 0');
    await runner.query(`
      drop trigger "gpu_drained" on "rendering"."gpu";
      drop trigger "task_paused" on "rendering"."task";
      drop table "rendering"."queue_order", "rendering"."queue_pause", "rendering"."gpu_claim";
      alter table "rendering"."gpu" drop "drained";
      drop index "rendering"."attempt_on_gpu", "rendering"."task_paused", "rendering"."task_ready_kind",
        "rendering"."task_ready", "rendering"."job_retry_of", "rendering"."job_paused";
      create index "task_ready" on "rendering"."task" ("rank", "created_at", "job_id", "idx")
        where state = 'queued' and not_before is null;
      create index "task_ready_kind" on "rendering"."task" ("kind", "rank", "created_at", "job_id", "idx")
        where state = 'queued' and not_before is null;
      alter table "rendering"."task" drop "paused";
      alter table "rendering"."job" drop "retry_of", drop "paused";
    `);
  }
}
