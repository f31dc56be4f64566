import { Inject, Injectable } from '@nestjs/common';
import { modelKey } from '@tower/contracts';
import { CLOCK, type Clock } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import { afterFailing, afterFitting, weighingChanges, type MemoryNeed, type MemoryWork } from './memory-need';
import { MemoryNeedRow } from './memory-need.entity';

/** Sizes and changes of one workflow and model that are remembered. */
const keptNeeds = 200;

/** Remembers what ran out of memory where, and what fitted. */
@Injectable()
export class MemoryStore {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  async all(tx: EntityManager): Promise<MemoryNeed[]> {
    return (await tx.find(MemoryNeedRow)).map(toNeed);
  }

  /** What was learnt of these workflows with these models. */
  async of(tx: EntityManager, works: readonly Pick<MemoryWork, 'workflow' | 'modelName'>[]): Promise<MemoryNeed[]> {
    const pairs = [
      ...new Map(
        works.map(({ workflow, modelName: name }) => [
          `${workflow}/${modelKey(name)}`,
          { workflow, modelName: modelKey(name) },
        ]),
      ).values(),
    ];
    return pairs.length === 0 ? [] : (await tx.find(MemoryNeedRow, { where: pairs })).map(toNeed);
  }

  async ranOut(tx: EntityManager, work: MemoryWork, cardMb: number, priorMb: number | null): Promise<MemoryNeed> {
    const need = afterFailing(await this.known(tx, work), work, cardMb, priorMb);
    await this.save(tx, need);
    return need;
  }

  async fitted(tx: EntityManager, work: MemoryWork, cardMb: number): Promise<void> {
    const known = await this.known(tx, work);
    // The usual case: nothing was ever learnt and nothing is to learn.
    if (known !== undefined && known.fitsMb !== null && known.fitsMb <= cardMb && known.tooSmallMb === null) return;
    await this.save(tx, afterFitting(known, work, cardMb));
  }

  private async known(tx: EntityManager, work: MemoryWork): Promise<MemoryNeed | undefined> {
    const row = await tx.findOneBy(MemoryNeedRow, keyOf(work));
    return row === null ? undefined : toNeed(row);
  }

  private async save(tx: EntityManager, need: MemoryNeed): Promise<void> {
    await tx.save(MemoryNeedRow, {
      ...keyOf(need),
      tooSmallMb: need.tooSmallMb,
      estimateMb: need.estimateMb,
      fitsMb: need.fitsMb,
      at: this.clock.now(),
    });
    // What merely fitted goes first: without a failure beside it, it decides nothing.
    await tx.query(
      `delete from vram_need where workflow = $1 and model_name = $2 and (width, height, frames, steps) in (
         select width, height, frames, steps from vram_need where workflow = $1 and model_name = $2
         order by (estimate_mb is null), at desc, width, height, frames, steps offset $3)`,
      [need.workflow, modelKey(need.modelName), keptNeeds],
    );
  }
}

const keyOf = (work: MemoryWork) => ({
  workflow: work.workflow,
  modelName: modelKey(work.modelName),
  width: work.width,
  height: work.height,
  frames: work.frames,
  steps: weighingChanges(work.changes).join(','),
});

const toNeed = ({ steps, at: _at, ...row }: MemoryNeedRow): MemoryNeed => ({
  ...row,
  changes: steps === '' ? [] : steps.split(','),
});
