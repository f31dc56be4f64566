import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When and how often quality was told of an attempt, so that a verdict which does not come is asked for. */
export class OverdueVerdicts1764250000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table "rendering"."attempt"
        add "announced_as" uuid, add "announced_at" timestamptz, add "announced_again" integer not null default 0, add
        "quality_silent_since" timestamptz;
      create index "attempt_checking" on "rendering"."attempt" ("id") where state = 'checking';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index "rendering"."attempt_checking";
      alter table "rendering"."attempt" drop "announced_as", drop "announced_at", drop "announced_again", drop
      "quality_silent_since";
    `);
  }
}
