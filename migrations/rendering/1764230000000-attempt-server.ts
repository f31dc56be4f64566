import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which server an attempt's prompt was sent to: a card's name may come to stand for another one. Open attempts get the
 * address that their card has now; of older ones nobody asks.
 */
export class AttemptServer1764230000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table "rendering"."attempt" add "server" text;
      update "rendering"."attempt" set "server" = gpu.config->>'url' from "rendering"."gpu" gpu
      where gpu.name = attempt.gpu and attempt.state in ('dispatching', 'running', 'collecting');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table "rendering"."attempt" drop "server"`);
  }
}
