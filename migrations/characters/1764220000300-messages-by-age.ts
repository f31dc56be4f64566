import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dropMessagingByAge, indexMessagingByAge } from '../messaging-tables';

export class MessagesByAge1764220000300 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return indexMessagingByAge(runner, 'characters');
  }

  down(runner: QueryRunner): Promise<void> {
    return dropMessagingByAge(runner, 'characters');
  }
}
