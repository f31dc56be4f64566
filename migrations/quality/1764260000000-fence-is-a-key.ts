import type { MigrationInterface, QueryRunner } from 'typeorm';
import { makeFenceAKey, makeFenceNoKey } from '../lease-fence';

/** A renewal of a lease need not wait for the writes of its own holder. */
export class FenceIsAKey1764260000000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return makeFenceAKey(runner, 'quality');
  }

  down(runner: QueryRunner): Promise<void> {
    return makeFenceNoKey(runner, 'quality');
  }
}
