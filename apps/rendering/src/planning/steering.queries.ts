import type { StandstillView } from '@tower/contracts';
import type { EntityManager } from 'typeorm';
import type { MemoryClaim } from '../cards/claimed-memory';
import type { HandOrder } from './hand-order';

/** What people decided by hand, as far as it bears on what is started next. */
export interface Steering {
  /** Who paused the queue; null while it is served. */
  paused: StandstillView | null;
  /** By card. */
  claims: ReadonlyMap<string, readonly MemoryClaim[]>;
  /** Of pairs whose first job still waits for its first start. */
  orders: readonly HandOrder[];
}

/** Nothing was decided by hand. */
export const unsteered: Steering = { paused: null, claims: new Map(), orders: [] };

interface StoredClaim {
  gpu: string;
  megabytes: number;
  who: string;
  until: string;
  ends_in: number;
  settled: boolean;
}

/** A job whose tasks wait and were never tried; what comes after it by hand waits for that. */
const isUnstarted =
  "t.state = 'queued' and t.attempts = 0 and not t.paused and t.not_before is null and t.wants_model is null";

/** One look at three small tables. Claims count by the clock of the database. */
export async function readSteering(tx: EntityManager): Promise<Steering> {
  const [row]: {
    paused: StandstillView | null;
    claims: StoredClaim[];
    orders: HandOrder[];
  }[] = await tx.query(
    `select
       (select json_build_object('by', p.by, 'reason', p.reason, 'since', p.since) from queue_pause p) as paused,
       (select coalesce(json_agg(json_build_object('gpu', c.gpu, 'megabytes', c.megabytes, 'who', c.who,
          'until', c.until, 'ends_in', extract(epoch from c.until - clock_timestamp()),
          'settled', c.settled_at is not null)), '[]')
        from gpu_claim c where c.ended_at is null and c.until > clock_timestamp()) as claims,
       (select coalesce(json_agg(json_build_object('first', o.first_job, 'then', o.then_job, 'moved', o.moved_job)
          order by o.at), '[]')
        from queue_order o
        where exists (select from task t where t.job_id = o.first_job and ${isUnstarted})) as orders`,
  );
  if (row === undefined) return unsteered;
  const claims = new Map<string, MemoryClaim[]>();
  for (const { gpu, until, ends_in: endsIn, settled: isSettled, megabytes, who } of row.claims) {
    const claim = { megabytes, who, until: new Date(until), endsIn: Math.max(0, endsIn), isSettled };
    claims.set(gpu, [...(claims.get(gpu) ?? []), claim]);
  }
  const paused = row.paused && { ...row.paused, since: new Date(row.paused.since).toISOString() };
  return { paused, claims, orders: row.orders };
}
