import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Decodings of an attempt's outputs that never ended. */
export class DeadlyOutputs1764250000300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `alter table "rendering"."attempt" add "decoder_deaths" integer not null default 0, ` +
        `add "decodings_cut_off" integer not null default 0`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table "rendering"."attempt" drop "decoder_deaths", drop "decodings_cut_off"`);
  }
}
