import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { newIdAt } from '@tower/kit';
import type { DataSource, EntityManager } from 'typeorm';
import type { DecisionRecord } from './recorded-plan';
import { StoredDecision } from './stored-decision.entity';

/** Bytes of a decision, gzipped; a larger one is not kept. Two to five thousand are usual. */
export const maxDecisionBytes = 128 * 1024;
/** Days that a decision is kept, and how many are. */
const kept = { days: 30, count: 10_000 };
/** Rows that are removed at a time. */
const batch = 500;

/** JSON has no infinite numbers, and facts may. */
const write = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value;
const read = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'number' in value ? Number(value.number) : value;

/** Off the event loop, as far as packing goes. */
export const packed = (record: DecisionRecord): Promise<Buffer> =>
  promisify(gzip)(Buffer.from(JSON.stringify(record, write)));

export async function unpacked(record: Buffer): Promise<DecisionRecord> {
  const text = (await promisify(gunzip)(record)).toString();
  return JSON.parse(text, read) as DecisionRecord;
}

export async function insertDecision(tx: EntityManager, decision: StoredDecision): Promise<void> {
  await tx.insert(StoredDecision, decision);
}

/** Decisions about a job, newest first, from before `after` on. */
export function decisionsOf(
  tx: EntityManager,
  jobId: string,
  { after, limit }: { after: string | null; limit: number },
): Promise<StoredDecision[]> {
  const query = tx
    .createQueryBuilder(StoredDecision, 'decision')
    .where('decision.jobs @> array[:jobId]::uuid[]', { jobId })
    .orderBy('decision.id', 'DESC')
    .take(limit);
  return (after === null ? query : query.andWhere('decision.id < :after', { after })).getMany();
}

/** Removes decisions that are too old or too many, a few at a time. Returns how many went. */
export async function pruneDecisions(db: DataSource, now: Date): Promise<number> {
  const oldest = newIdAt(new Date(now.getTime() - kept.days * 24 * 3_600_000));
  let removed = 0;
  for (let gone = batch; gone === batch; removed += gone) {
    const [, count]: [unknown, number] = await db.query(
      `delete from planning_decision where id = any (array (
         select id from planning_decision
         where id < greatest($1::uuid, (select id from planning_decision order by id desc offset $2 limit 1))
         order by id limit $3))`,
      [oldest, kept.count - 1, batch],
    );
    gone = count;
  }
  return removed;
}
