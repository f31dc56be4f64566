import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tells whoever answers questions that cards, queue or attempts have changed, so that they need not be read for every
 * question. An attempt's progress, the bytes of a download and the times at which a card was looked at are no such
 * change: they come several times a second. Updates are looked at row by row, because one that hits none is no change
 * either.
 */
export class SnapshotChanges1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function "rendering"."tell_snapshot_changed"() returns trigger language plpgsql as
        $$ begin perform pg_notify('rendering_snapshot', ''); return null; end $$;
      create trigger "task_added" after insert on "rendering"."task"
        for each statement execute function "rendering"."tell_snapshot_changed"();
      create trigger "task_changed" after update on "rendering"."task" for each row when (
        (old."state", old."not_before", old."rank", old."kind", old."excluded_gpus", old."plan", old."recovery")
        is distinct from
        (new."state", new."not_before", new."rank", new."kind", new."excluded_gpus", new."plan", new."recovery"))
        execute function "rendering"."tell_snapshot_changed"();
      create trigger "attempt_added" after insert on "rendering"."attempt"
        for each statement execute function "rendering"."tell_snapshot_changed"();
      create trigger "attempt_changed" after update on "rendering"."attempt" for each row
        when (old."state" is distinct from new."state") execute function "rendering"."tell_snapshot_changed"();
      create trigger "gpu_added" after insert on "rendering"."gpu"
        for each statement execute function "rendering"."tell_snapshot_changed"();
      create trigger "gpu_changed" after update on "rendering"."gpu" for each row when (
        (old."state", old."detail", old."foreign_prompts", old."inventory_sha256", old."configured", old."position",
         old."config", old."warnings") is distinct from
        (new."state", new."detail", new."foreign_prompts", new."inventory_sha256", new."configured", new."position",
         new."config", new."warnings"))
        execute function "rendering"."tell_snapshot_changed"();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger "gpu_changed" on "rendering"."gpu";
      drop trigger "gpu_added" on "rendering"."gpu";
      drop trigger "attempt_changed" on "rendering"."attempt";
      drop trigger "attempt_added" on "rendering"."attempt";
      drop trigger "task_changed" on "rendering"."task";
      drop trigger "task_added" on "rendering"."task";
      drop function "rendering"."tell_snapshot_changed"();
    `);
  }
}
