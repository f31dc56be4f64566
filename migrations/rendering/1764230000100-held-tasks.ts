import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tasks that are held back are looked at every second, in case the clock was set back; they are few. */
export class HeldTasks1764230000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index "task_held" on "rendering"."task" ("not_before") where state = 'queued' and not_before is not null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index "rendering"."task_held"`);
  }
}
