import type { QueryRunner } from 'typeorm';

/**
 * Tables that every service's schema has: outbox, inbox, dead letters, idempotency keys, leases. Constraint names are
 * TypeORM's own, so that `schema:log` finds no drift. The outbox has little free space per page left unused and is
 * vacuumed early: it is written and updated all day.
 */
export async function createMessagingTables(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`
    create table "${schema}"."outbox" (
      "id" bigint generated always as identity not null,
      "stream" text not null,
      "subject" text not null,
      "msg_id" uuid not null,
      "aggregate" text not null,
      "payload" jsonb not null,
      "created_at" timestamptz not null default now(),
      "published_at" timestamptz,
      "stream_seq" bigint,
      constraint "outbox_msg_id_key" unique ("msg_id"),
      constraint "outbox_pkey" primary key ("id")
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 200);
    create index "outbox_waiting" on "${schema}"."outbox" ("id") where published_at is null;
    create index "outbox_stream_seq" on "${schema}"."outbox" ("stream", "stream_seq");
    create table "${schema}"."inbox" (
      "consumer" text not null, "event_id" uuid not null, "at" timestamptz not null default now(),
      constraint "inbox_pkey" primary key ("consumer", "event_id")
    );
    create table "${schema}"."dead_letter" (
      "stream" text not null, "consumer" text not null, "stream_seq" bigint not null, "subject" text not null, "reason"
      text not null,
      "deliveries" integer not null, "payload" text not null, "at" timestamptz not null default now(),
      constraint "dead_letter_pkey" primary key ("stream", "consumer", "stream_seq")
    );
    create table "${schema}"."idempotency" (
      "scope" text not null, "key" text not null, "request_hash" text not null, "response" jsonb not null, "at"
      timestamptz not null default now(),
      constraint "idempotency_pkey" primary key ("scope", "key")
    );
    create table "${schema}"."lease" (
      "name" text not null, "holder" text not null, "fence" bigint not null, "until" timestamptz not null,
      "backend_pid" integer not null, "backend_start" timestamptz not null,
      constraint "lease_pkey" primary key ("name")
    );
    create function "${schema}"."wake_outbox"() returns trigger language plpgsql as $$ begin perform
    pg_notify('outbox_${schema}', ''); return null; end $$;
    create trigger "outbox_wake" after insert on "${schema}"."outbox" for each statement execute function
    "${schema}"."wake_outbox"();
  `);
}

export async function dropMessagingTables(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`
    drop table "${schema}"."lease", "${schema}"."idempotency", "${schema}"."dead_letter", "${schema}"."inbox",
    "${schema}"."outbox";
    drop function "${schema}"."wake_outbox"();
  `);
}

const prunedByAge = ['inbox', 'idempotency', 'dead_letter'];

/**
 * What is pruned by age is found by age: a look for old rows must not read all young ones. The outbox is pruned from
 * its oldest id on.
 */
export async function indexMessagingByAge(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query('set local statement_timeout = 0');
  for (const table of prunedByAge) await runner.query(`create index "${table}_at" on "${schema}"."${table}" ("at")`);
}

export async function dropMessagingByAge(runner: QueryRunner, schema: string): Promise<void> {
  for (const table of prunedByAge) await runner.query(`drop index "${schema}"."${table}_at"`);
}
