import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was measured on one device says nothing of another one behind the same name. Of older rows it is not known. */
export class SamplesOfADevice1764267181000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."runtime_sample" add "device" text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."runtime_sample" drop "device"');
  }
}
