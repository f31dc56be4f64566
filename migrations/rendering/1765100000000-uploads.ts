import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files that people send; and artifacts by content, so that a picture that comes back is known. */
export class Uploads1765100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A year of artifacts takes longer than any statement of ours may.
    await runner.query('set local statement_timeout = 0');
    await runner.query(`
      create table "rendering"."upload" (
        "id" uuid not null, "path" text not null, "sha256" text not null, "bytes" bigint not null,
        "media_type" text not null, "width" integer not null, "height" integer not null, "frames" integer,
        "fps" double precision, "duration_seconds" double precision, "sound" boolean,
        "created_at" timestamptz not null, "sent_at" timestamptz not null, "used_at" timestamptz,
        constraint "upload_pkey" primary key ("id"), constraint "upload_path_key" unique ("path")
      );
      create index "upload_unused" on "rendering"."upload" ("sent_at") where used_at is null;
      create index "artifact_sha256" on "rendering"."artifact" ("sha256");
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index "rendering"."artifact_sha256"; drop table "rendering"."upload"');
  }
}
