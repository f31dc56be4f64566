import { Injectable } from '@nestjs/common';
import {
  gpuClaimEnded,
  gpuClaimed,
  gpuDrained,
  gpuResumed,
  type ClaimBody,
  type ClaimView,
  type claimGpuMemoryRequest,
  type drainGpuRequest,
  type GpuDetailView,
  type InputOf,
  type ReleasedView,
  type releaseGpuClaimsRequest,
  type resumeGpuRequest,
} from '@tower/contracts';
import { onceByKey, Outbox } from '@tower/db';
import { AppError, invalid, newId, notFound } from '@tower/kit';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { memoryMbOf } from '../cards/card';
import { Gpu } from '../cards/card.entity';
import { GpuClaim } from '../cards/claim.entity';
import { gigabytes } from '../planning/memory/memory-need';
import { toClaimView } from '../views/card-detail';
import { CardsReader, unknownCard } from '../views/cards.reader';

const claimScope = 'claim_gpu_memory';

/** Days that a claim is remembered after its end, so that ending it twice is the same as once. */
const keptDays = 30;

/** What people do with cards: take them out of use and back, and claim memory of them for other programs. */
@Injectable()
export class CardSteering {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly reader: CardsReader,
  ) {}

  /** Draining a drained card changes nothing: the first word about it stays. Throws `gpu_unknown`. */
  async drain({ context, name, body }: InputOf<typeof drainGpuRequest>): Promise<GpuDetailView> {
    await this.db.transaction(async (tx) => {
      const gpu = await lockCard(tx, name);
      if (gpu.drained !== null) return;
      const { who: by, reason } = body;
      const { now } = await nowIn(tx);
      await tx.update(Gpu, { name }, { drained: { by, reason, since: now.toISOString() } });
      await this.outbox.add(tx, gpuDrained, { gpu: name, by, reason }, context);
    });
    return this.reader.get(name, true);
  }

  /** Throws `gpu_unknown`. */
  async resume({ context, name, body }: InputOf<typeof resumeGpuRequest>): Promise<GpuDetailView> {
    await this.db.transaction(async (tx) => {
      const gpu = await lockCard(tx, name);
      if (gpu.drained === null) return;
      await tx.update(Gpu, { name }, { drained: null });
      await this.outbox.add(tx, gpuResumed, { gpu: name, by: body.who }, context);
      // It has to be looked at what it could be given.
      await tx.query("select pg_notify('rendering_work', '')");
    });
    return this.reader.get(name, true);
  }

  /** Throws `gpu_unknown`, `claim_too_large` and `gpu_memory_claimed`. */
  claim({ context, name, body }: InputOf<typeof claimGpuMemoryRequest>): Promise<ClaimView> {
    return this.db.transaction((tx) =>
      onceByKey(tx, claimScope, context.idempotencyKey, { name, body }, async () => {
        const gpu = await lockCard(tx, name);
        const { now, after } = await nowIn(tx, body.seconds);
        const open = await openOn(tx, name, now);
        assertFits(gpu, open, body);
        const claim: GpuClaim = {
          id: newId(),
          gpu: name,
          megabytes: body.megabytes,
          who: body.who,
          since: now,
          until: after,
          endedAt: null,
          settledAt: null,
          freed: false,
        };
        await tx.insert(GpuClaim, claim);
        await tx.query(`delete from gpu_claim where ended_at < now() - interval '${keptDays} days'`);
        await this.outbox.add(tx, gpuClaimed, { ...factsOf(claim), until: claim.until.toISOString() }, context);
        return toClaimView(claim, now);
      }),
    );
  }

  /** One by its id, ended or not, or all that hold of one program or of the card. */
  release({ context, name, claim_id: id, who }: InputOf<typeof releaseGpuClaimsRequest>): Promise<ReleasedView> {
    return this.db.transaction(async (tx) => {
      await lockCard(tx, name);
      const { now } = await nowIn(tx);
      const claims = id === undefined ? await openOn(tx, name, now) : [await claimOn(tx, name, id)];
      const meant = claims.filter((claim) => who === undefined || claim.who === who);
      for (const claim of meant) {
        if (claim.endedAt !== null || claim.until <= now) continue;
        await tx.update(GpuClaim, { id: claim.id }, { endedAt: now });
        claim.endedAt = now;
        await this.outbox.add(tx, gpuClaimEnded, { ...factsOf(claim), how: 'released' }, context);
      }
      return { released: meant.map((claim) => toClaimView(claim, now)) };
    });
  }
}

/** What events say of a claim. */
export const factsOf = ({ id, gpu, megabytes, who }: GpuClaim) => ({ gpu, claimId: id, megabytes, who });

/** The row of a configured card, locked. */
async function lockCard(tx: EntityManager, name: string): Promise<Gpu> {
  const gpu = await tx.findOne(Gpu, { where: { name, configured: true }, lock: { mode: 'for_no_key_update' } });
  if (gpu !== null) return gpu;
  const known: { name: string }[] = await tx.query('select name from gpu where configured order by position');
  throw unknownCard(
    name,
    known.map((card) => card.name),
  );
}

/** The clock of the database now, and so many seconds later. */
async function nowIn(tx: EntityManager, seconds = 0): Promise<{ now: Date; after: Date }> {
  const rows: { now: Date; after: Date }[] = await tx.query(
    'select at as now, at + make_interval(secs => $1) as after from (select clock_timestamp() as at) clock',
    [seconds],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not say what time it is');
  return row;
}

/** Claims that hold, the one that ends first before the others. */
async function openOn(tx: EntityManager, gpu: string, now: Date): Promise<GpuClaim[]> {
  const claims = await tx.find(GpuClaim, { where: { gpu, endedAt: IsNull() }, order: { until: 'ASC', id: 'ASC' } });
  return claims.filter(({ until }) => until > now);
}

async function claimOn(tx: EntityManager, gpu: string, id: string): Promise<GpuClaim> {
  const claim = await tx.findOneBy(GpuClaim, { gpu, id });
  if (claim === null) throw notFound('claim', id);
  return claim;
}

/** Of a card whose memory nobody knows, any claim is taken. */
function assertFits(gpu: Gpu, open: readonly GpuClaim[], { megabytes }: ClaimBody): void {
  const memoryMb = memoryMbOf(gpu);
  if (memoryMb === null) return;
  if (megabytes > memoryMb)
    throw invalid('claim_too_large', `${gpu.name} has ${gigabytes(memoryMb)}; claim at most ${memoryMb} megabytes`, [
      { pointer: '/megabytes', message: `must be at most ${memoryMb}, the memory of ${gpu.name}` },
    ]);
  const claimed = open.reduce((sum, claim) => sum + claim.megabytes, 0);
  const left = memoryMb - claimed;
  if (megabytes <= left) return;
  const holders = open.map(({ who, megabytes: taken, until }) => `${who} ${taken} until ${until.toISOString()}`);
  throw new AppError(
    'conflict',
    'gpu_memory_claimed',
    `of ${memoryMb} megabytes of ${gpu.name} ${claimed} are claimed already (${holders.join('; ')}): claim at most ` +
      `${Math.max(0, left)}, release one of these, or wait until it ends`,
    { fields: [{ pointer: '/megabytes', message: `must be at most ${Math.max(0, left)} now` }] },
  );
}
