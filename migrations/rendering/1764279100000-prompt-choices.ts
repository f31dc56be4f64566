import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Alternatives in prompts: whether a job's braces are some, and what each attempt chose; in older jobs they were plain
 * characters. And what was learnt of a model under a Windows server's spelling counts for all spellings, unless more
 * was learnt under the other one.
 */
export class PromptChoices1764279100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."job" add "dynamic_prompts" boolean not null default false');
    await runner.query(`alter table "rendering"."generation_params" add "prompt_choices" jsonb not null default '[]'`);
    await runner.query(
      `update "rendering"."vram_need" n set model_name = replace(model_name, chr(92), '/') where position(chr(92) in
        model_name) > 0 and not exists (
         select 1 from "rendering"."vram_need" o where (o.workflow, o.width, o.height, o.frames, o.steps) = (n.workflow,
         n.width, n.height, n.frames, n.steps)
           and o.model_name = replace(n.model_name, chr(92), '/'))`,
    );
    await runner.query(`delete from "rendering"."vram_need" where position(chr(92) in model_name) > 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "rendering"."generation_params" drop "prompt_choices"');
    await runner.query('alter table "rendering"."job" drop "dynamic_prompts"');
  }
}
