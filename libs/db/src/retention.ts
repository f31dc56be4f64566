import type { DataSource } from 'typeorm';

/** Days. The outbox must outlive the streams (7 days), or a lost stream could not be rebuilt from it. */
const outboxDays = 14;
const inboxDays = 30;
const idempotencyDays = 7;
/** After a person dealt with it; one that waits for a person is kept. */
const settledLetterDays = 30;
/** Rows per statement: small transactions keep vacuum able to follow. */
const batch = 2_000;

/** Removes what no repair or repeat can need any more. Returns the number of rows that went. */
export async function pruneMessaging(db: DataSource): Promise<number> {
  let removed = 0;
  for (const [table, key, condition] of [
    ['outbox', 'id', `published_at < now() - interval '${outboxDays} days'`],
    ['inbox', '(consumer, event_id)', `at < now() - interval '${inboxDays} days'`],
    ['dead_letter', 'id', `settled_at < now() - interval '${settledLetterDays} days'`],
    ['idempotency', '(scope, key)', `at < now() - interval '${idempotencyDays} days'`],
  ] as const) {
    const columns = key.replace(/[()]/g, '');
    for (let gone = batch; gone === batch; removed += gone) {
      const [, count]: [unknown, number] = await db.query(`delete from ${table} where ${key} in (select ${columns} from ${table} where ${condition} limit ${batch})`);
      gone = count;
    }
  }
  return removed;
}
