import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createMessagingTables, dropMessagingTables } from '../messaging-tables';

export class CreateGateway1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createMessagingTables(runner, 'gateway');
    await runner.query(`
      create table "gateway"."event_feed" (
        "seq" bigint generated always as identity not null,
        "event_id" uuid not null,
        "type" text not null,
        "project_id" uuid,
        "job_id" uuid,
        "job_seq" integer,
        "at" timestamptz not null,
        "data" jsonb not null,
        constraint "event_feed_pkey" primary key ("seq")
      );
      create unique index "event_feed_event_id_key" on "gateway"."event_feed" ("event_id");
      create unique index "event_feed_job" on "gateway"."event_feed" ("job_id", "job_seq") where job_seq is not null;
      create function "gateway"."wake_event_feed"() returns trigger language plpgsql as $$ begin perform
      pg_notify('event_feed_gateway', ''); return null; end $$;
      create trigger "event_feed_wake" after insert on "gateway"."event_feed" for each statement execute function
      "gateway"."wake_event_feed"();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table "gateway"."event_feed"; drop function "gateway"."wake_event_feed"()');
    await dropMessagingTables(runner, 'gateway');
  }
}
