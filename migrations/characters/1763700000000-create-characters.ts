import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createMessagingTables, dropMessagingTables } from '../messaging-tables';

export class CreateCharacters1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner, 'characters');
    await runner.query(`
      create table "characters"."character" (
        "id" uuid not null,
        "project_id" uuid not null,
        "name" text not null,
        "base_prompt" text not null,
        "negative_tokens" text array not null,
        "created_at" timestamptz not null,
        "updated_at" timestamptz not null,
        "archived_at" timestamptz,
        constraint "character_pkey" primary key ("id")
      );
      create index "character_project" on "characters"."character" ("project_id", "id");
      create table "characters"."archived_project" (
        "project_id" uuid not null,
        "archived_at" timestamptz not null,
        constraint "archived_project_pkey" primary key ("project_id")
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "characters"."archived_project", "characters"."character"');
    await dropMessagingTables(runner, 'characters');
  }
}
