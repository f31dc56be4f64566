import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs of any workflow: films, optional parts, input pictures, and what recovery changed. */
export class AnyWorkflow1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table "rendering"."job"
        add "frames" integer not null default 1, add "fps" double precision, add "allow_degrade" boolean not null
        default false,
        add "parameters" jsonb not null default '{}', add "parts" jsonb not null default
        '{"loras":[],"references":[],"controlnets":[]}', add "images" jsonb not null default '{}';
      alter table "rendering"."task" add "plan" jsonb not null default '{"steps":[]}', add "recovery" jsonb not null
      default '[]';
      alter table "rendering"."attempt" add "plan" jsonb not null default '{"steps":[]}', add "recovery" jsonb;
      alter table "rendering"."runtime_sample" add "frames" integer not null default 1, add "plan" jsonb not null
      default '{"steps":[]}';
      alter table "rendering"."artifact" add "frames" integer, add "fps" double precision, add "duration_seconds" double
      precision;
      alter table "rendering"."generation_params" add "plan" jsonb not null default '{"steps":[]}', add "parts" jsonb
      not null default '{"loras":[],"references":[],"controlnets":[]}';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table "rendering"."job" drop "frames", drop "fps", drop "allow_degrade", drop "parameters", drop "parts",
      drop "images";
      alter table "rendering"."task" drop "plan", drop "recovery";
      alter table "rendering"."attempt" drop "plan", drop "recovery";
      alter table "rendering"."runtime_sample" drop "frames", drop "plan";
      alter table "rendering"."artifact" drop "frames", drop "fps", drop "duration_seconds";
      alter table "rendering"."generation_params" drop "plan", drop "parts";
    `);
  }
}
