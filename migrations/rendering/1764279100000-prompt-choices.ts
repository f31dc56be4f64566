import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Alternatives in prompts: whether a job's braces are some, and what each attempt chose. In older jobs they were plain characters. */
export class PromptChoices1764279100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."job" add "dynamic_prompts" boolean not null default false');
    await runner.query(`alter table "rendering"."generation_params" add "prompt_choices" jsonb not null default '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."generation_params" drop "prompt_choices"');
    await runner.query('alter table "rendering"."job" drop "dynamic_prompts"');
  }
}
