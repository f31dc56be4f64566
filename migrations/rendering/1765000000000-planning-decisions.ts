import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Decisions of the planner are kept with what they were made from, and an attempt says which one it came of. */
export class PlanningDecisions1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "rendering"."planning_decision" (
        "id" uuid not null, "decided_at" timestamptz not null, "fence" bigint not null,
        "planner_version" integer not null, "jobs" uuid array not null, "record" bytea not null,
        constraint "planning_decision_pkey" primary key ("id")
      );
      create index "planning_decision_jobs" on "rendering"."planning_decision" using gin ("jobs");
      alter table "rendering"."attempt" add "decision_id" uuid;
    `);
    // It is packed already.
    await runner.query('alter table "rendering"."planning_decision" alter column "record" set storage external');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table "rendering"."attempt" drop column "decision_id";
      drop table "rendering"."planning_decision";
    `);
  }
}
