import { Inject, Injectable } from '@nestjs/common';
import type { GpuDetailView, InputOf, listGpusRequest, Page } from '@tower/contracts';
import { decodeCursor, toPage, unknownCursor } from '@tower/db';
import { AppError, CLOCK, type Clock } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { IsNull, Raw, type DataSource, type EntityManager } from 'typeorm';
import { v5 } from 'uuid';
import { GpuClaim } from '../cards/claim.entity';
import type { Gpu } from '../cards/card.entity';
import type { Snapshot } from '../planning/snapshot';
import { ANSWERS_SNAPSHOT, type SnapshotReader } from '../planning/snapshot-reader';
import { toGpuDetail } from './card-detail';
import { unusedCard } from './utilisation';
import { UtilisationReader, type CardUse } from './utilisation.reader';

/** Cards have names and no ids; cursors are made of ids. */
const cardNamespace = '8a0d8a51-3f4c-5c0e-9c7a-2b7f1f5f0b11';

const unused: CardUse = { lastHour: unusedCard, loadedSince: new Map() };

/** What is told of cards; changes nothing. */
@Injectable()
export class CardsReader {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    @Inject(ANSWERS_SNAPSHOT) private readonly snapshots: SnapshotReader,
    private readonly utilisation: UtilisationReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** In the order of the configuration. A cursor whose card was taken away meanwhile is refused. */
  async list({ limit, cursor }: InputOf<typeof listGpusRequest>): Promise<Page<GpuDetailView>> {
    const snapshot = await this.snapshots.read();
    const rows = snapshot.gpus.map((gpu) => ({ id: v5(gpu.name, cardNamespace), gpu }));
    const after = decodeCursor(cursor);
    const start = after === null ? 0 : rows.findIndex(({ id }) => id === after) + 1;
    if (after !== null && start === 0) throw unknownCursor();
    const detail = await this.detailsIn(snapshot);
    return toPage(rows.slice(start, start + limit + 1), limit, ({ gpu }) => detail(gpu));
  }

  /**
   * One card, as it is now where `isFresh`, else as all who ask are told.
   * @throws AppError `gpu_unknown`
   */
  async get(name: string, isFresh = false): Promise<GpuDetailView> {
    const snapshot = await this.snapshots.read(isFresh ? 0 : undefined);
    const gpu = snapshot.gpus.find((candidate) => candidate.name === name);
    if (gpu === undefined)
      throw unknownCard(
        name,
        snapshot.gpus.map((candidate) => candidate.name),
      );
    return (await this.detailsIn(snapshot))(gpu);
  }

  private async detailsIn(snapshot: Snapshot): Promise<(gpu: Gpu) => GpuDetailView> {
    const now = this.clock.now();
    const [claims, used] = await Promise.all([openClaims(this.db.manager), this.utilisation.read()]);
    return (gpu) =>
      toGpuDetail(
        gpu,
        { snapshot, claims: claims.filter((claim) => claim.gpu === gpu.name), now },
        used.get(gpu.name) ?? unused,
        snapshot.gpus.length,
      );
  }
}

/** By the clock of the database. */
const openClaims = (tx: EntityManager): Promise<GpuClaim[]> =>
  tx.find(GpuClaim, {
    where: { endedAt: IsNull(), until: Raw((until) => `${until} > clock_timestamp()`) },
    order: { until: 'ASC', id: 'ASC' },
  });

/** Nobody has such a card; `names` are those that there are. */
export const unknownCard = (name: string, names: readonly string[]): AppError =>
  new AppError(
    'not_found',
    'gpu_unknown',
    `there is no card ${name}; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`,
    { details: { name }, fields: [{ pointer: '{name}', message: 'must be the name of a card' }] },
  );
