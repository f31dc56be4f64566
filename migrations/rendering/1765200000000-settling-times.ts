import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How long results take from their end on a card until their task is over, so that stated ends are those of jobs. */
export class SettlingTimes1765200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "rendering"."settling_time" (
        "workflow" text not null, "checked" boolean not null, "results" integer not null,
        "seconds" double precision not null, "deviation" double precision not null,
        constraint "settling_time_pkey" primary key ("workflow", "checked")
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "rendering"."settling_time"');
  }
}
