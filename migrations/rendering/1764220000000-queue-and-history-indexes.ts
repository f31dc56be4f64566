import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The queue is read in its own order and by kind of work, so that neither its depth nor what was ever rendered costs
 * a question anything. A task carries its job's rank; its job's age it has already (`created_at`). `kind` is filled
 * by the leader where it is empty.
 */
export class QueueAndHistoryIndexes1764220000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A year of attempts takes longer than any statement of ours may.
    await runner.query('set local statement_timeout = 0');
    await runner.query(`
      alter table "rendering"."task" add "rank" smallint not null default 2, add "kind" text not null default '';
      update "rendering"."task" set "rank" = job."rank" from "rendering"."job" where job."id" = task."job_id"
        and job."ended_at" is null and job."rank" <> 2;
      drop index "rendering"."task_waiting";
      create index "task_ready" on "rendering"."task" ("rank", "created_at", "job_id", "idx")
        where state = 'queued' and not_before is null;
      create index "task_ready_kind" on "rendering"."task" ("kind", "rank", "created_at", "job_id", "idx")
        where state = 'queued' and not_before is null;
      create index "task_held" on "rendering"."task" ("not_before") where state = 'queued' and not_before is not null;
      create index "task_wants_model" on "rendering"."task" ("job_id") where state = 'queued'
        and wants_model is not null;

      drop index "rendering"."job_project", "rendering"."job_unfinished";
      create index "job_unfinished" on "rendering"."job" ("state", "created_at") where ended_at is null;
      create index "job_project" on "rendering"."job" ("project_id", "id");
      create index "job_project_state" on "rendering"."job" ("project_id", "state", "id");
      create index "job_state" on "rendering"."job" ("state", "id");
      create index "job_type" on "rendering"."job" ("job_type", "id");

      create index "attempt_task" on "rendering"."attempt" ("task_id");
      create index "attempt_gpu" on "rendering"."attempt" ("gpu", "job_id");
      create index "generation_params_job" on "rendering"."generation_params" ("job_id");
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index "rendering"."generation_params_job", "rendering"."attempt_gpu", "rendering"."attempt_task",
        "rendering"."job_type", "rendering"."job_state",
        "rendering"."job_project_state", "rendering"."job_project", "rendering"."job_unfinished",
          "rendering"."task_wants_model", "rendering"."task_held",
        "rendering"."task_ready_kind", "rendering"."task_ready";
      create index "job_project" on "rendering"."job" ("project_id");
      create index "job_unfinished" on "rendering"."job" ("rank", "created_at") where ended_at is null;
      create index "task_waiting" on "rendering"."task" ("created_at") where state = 'queued';
      alter table "rendering"."task" drop "kind", drop "rank";
    `);
  }
}
