import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createMessagingTables, dropMessagingTables } from '../messaging-tables';

/** The bridge keeps nothing of its own: Echo's knowledge of us is renewed at every start. */
export class CreateEchoBridge1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner, 'echo_bridge');
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropMessagingTables(runner, 'echo_bridge');
  }
}
