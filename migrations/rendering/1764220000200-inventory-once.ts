import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a server has is large and changes seldom: its digest says whether it has to be read or written again. Free
 * memory changes all the time and stands beside it.
 */
export class InventoryOnce1764220000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table "rendering"."gpu" add "inventory_sha256" text, add "vram_free_mb" double precision',
    );
    await runner.query('create index "gpu_restart_at" on "rendering"."gpu_restart" ("at")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index "rendering"."gpu_restart_at"');
    await runner.query('alter table "rendering"."gpu" drop "inventory_sha256", drop "vram_free_mb"');
  }
}
