import type { QueryRunner } from 'typeorm';

/** Dead letters get an id by which a person deals with them, and remember what became of them. */
export async function addSettledDeadLetters(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`
    alter table "${schema}"."dead_letter"
      add "id" uuid not null default gen_random_uuid(), add "outcome" text, add "settled_at" timestamptz, add "redrives"
      integer not null default 0, add "last_failure" text,
      add constraint "dead_letter_id_key" unique ("id"),
      add constraint "dead_letter_settled" check ((outcome is null) = (settled_at is null) and (outcome is null or
      outcome in ('redriven', 'dismissed')));
    alter table "${schema}"."dead_letter" alter "id" drop default;
    create index "dead_letter_open" on "${schema}"."dead_letter" ("id") where outcome is null;
  `);
}

export async function dropSettledDeadLetters(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`
    drop index "${schema}"."dead_letter_open";
    alter table "${schema}"."dead_letter" drop "id", drop "outcome", drop "settled_at", drop "redrives", drop
    "last_failure";
  `);
}
