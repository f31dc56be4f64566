import type { DataSource } from 'typeorm';

/** Days. The outbox must outlive the streams (7 days), or a lost stream could not be rebuilt from it. */
const outboxDays = 14;
const inboxDays = 30;
const idempotencyDays = 7;
/** After a person dealt with it. */
const settledLetterDays = 30;
/** Days within which a person should have looked at what could not be handled. */
const deadLetterDays = 90;
/** Rows per statement: small transactions keep vacuum able to follow. */
const batch = 2_000;

/** Removes what no repair or repeat can need any more, in small steps. Returns the number of rows that went. */
export async function pruneMessaging(db: DataSource): Promise<number> {
  // Ids follow time, so the oldest say whether there is anything to do; what was never sent stays, whatever its age.
  let removed = await inSteps(
    db,
    `delete from outbox where id in (
    select id from (select id, published_at from outbox where published_at is not null order by id
      limit ${batch}) oldest where published_at < now() - interval '${outboxDays} days')`,
  );
  removed += await pruneByAge(db, 'inbox', inboxDays);
  removed += await pruneByAge(db, 'idempotency', idempotencyDays);
  removed += await pruneByAge(db, 'dead_letter', deadLetterDays);
  removed += await inSteps(
    db,
    `delete from dead_letter where id in (
    select id from dead_letter where at < now() - interval '${settledLetterDays} days'
      and settled_at < now() - interval '${settledLetterDays} days' order by at limit ${batch})`,
  );
  return removed;
}

/**
 * Removes the rows of a table that are older, by its indexed column `at`, a few thousand per transaction. Returns how
 * many went.
 */
const pruneByAge = (db: DataSource, table: string, days: number): Promise<number> =>
  inSteps(
    db,
    `delete from ${table} where ctid = any (array (select ctid from ${table}
    where at < now() - interval '${days} days' order by at limit ${batch}))`,
  );

async function inSteps(db: DataSource, statement: string): Promise<number> {
  let removed = 0;
  for (let gone = batch; gone === batch; removed += gone) {
    const [, count]: [unknown, number] = await db.query(statement);
    gone = count;
  }
  return removed;
}
