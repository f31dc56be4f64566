import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addSettledDeadLetters, dropSettledDeadLetters } from '../settled-dead-letters';

export class SettledDeadLetters1764250000400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addSettledDeadLetters(runner, 'rendering');
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropSettledDeadLetters(runner, 'rendering');
  }
}
