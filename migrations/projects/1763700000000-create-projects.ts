import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createMessagingTables, dropMessagingTables } from '../messaging-tables';

export class CreateProjects1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner, 'projects');
    await runner.query(`
      create table "projects"."project" (
        "id" uuid not null,
        "name" text not null,
        "slug" text not null,
        "description" text not null,
        "gate_policy" text not null,
        "created_at" timestamptz not null,
        "updated_at" timestamptz not null,
        "archived_at" timestamptz,
        constraint "project_slug_key" unique ("slug"),
        constraint "project_pkey" primary key ("id")
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "projects"."project"');
    await dropMessagingTables(runner, 'projects');
  }
}
