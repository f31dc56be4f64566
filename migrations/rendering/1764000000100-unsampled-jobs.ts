import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Workflows that sample nothing (upscaling, interpolation) have no sampler to name. Every job's parameters are kept as
 * a whole, those of older jobs too.
 */
export class UnsampledJobs1764000000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table "rendering"."job" alter "cfg_scale" drop not null, alter "sampler_name" drop not null, alter
      "scheduler" drop not null;
      update "rendering"."job" set "parameters" = jsonb_build_object(
        'prompt', "full_prompt", 'negative_prompt', "full_negative_prompt", 'model_name', "model_name", 'width',
        "width", 'height', "height", 'steps', "steps",
        'cfg_scale', "cfg_scale", 'sampler_name', "sampler_name", 'scheduler', "scheduler", 'seed', "seed")
      where "parameters" = '{}';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update "rendering"."job" set "cfg_scale" = coalesce("cfg_scale", 0), "sampler_name" = coalesce("sampler_name",
      ''), "scheduler" = coalesce("scheduler", '');
      alter table "rendering"."job" alter "cfg_scale" set not null, alter "sampler_name" set not null, alter "scheduler"
      set not null;
    `);
  }
}
