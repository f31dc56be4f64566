import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Old events are found by their age; a feed that has none must not be read whole to learn that. */
export class FeedByAge1764220000400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set local statement_timeout = 0');
    await runner.query('create index "event_feed_at" on "gateway"."event_feed" ("at")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index "gateway"."event_feed_at"');
  }
}
