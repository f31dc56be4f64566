import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A card may have one attempt that is next on it beside the one that it works on. */
export class AttemptSlots1764800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table "rendering"."attempt"
        add column "slot" smallint not null default 0, add column "prefetched" boolean not null default false;
      drop index "rendering"."one_live_attempt_per_gpu";
      create unique index "one_live_attempt_per_slot" on "rendering"."attempt" ("gpu", "slot")
        where state in ('dispatching', 'running');
    `);
  }

  /** Fails while a card has two live attempts: one of them has to end first. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index "rendering"."one_live_attempt_per_slot";
      create unique index "one_live_attempt_per_gpu" on "rendering"."attempt" ("gpu")
        where state in ('dispatching', 'running');
      alter table "rendering"."attempt" drop column "slot", drop column "prefetched";
    `);
  }
}
