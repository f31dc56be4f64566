import { modelKey } from '@tower/contracts';
import type { Changes } from '../../workflows/composition';
import type { Workflow } from '../../workflows/template/workflow-file';
import { sizeUnder, type PromisedSize, type WorkSize } from '../work-size';

/** One attempt's work as far as memory depends on it; how long it is sampled does not matter. */
export interface MemoryWork extends Omit<WorkSize, 'steps'> {
  workflow: string;
  modelName: string;
  /** Changes of the graph that weigh, as a set. */
  changes: readonly string[];
}

/** What is known of one kind of work, in megabytes (MiB) of a card's whole memory. */
export interface MemoryNeed extends MemoryWork {
  /** It did not fit into this much: the need is above. Null when it never failed. */
  tooSmallMb: number | null;
  /** Best guess after failures; never below `tooSmallMb`. */
  estimateMb: number | null;
  /** It fitted into this much. Null when it never succeeded. */
  fitsMb: number | null;
}

/** Steps that change what the picture is, but not how much memory it takes; of the size the size itself tells. */
const withoutWeight: ReadonlySet<string> = new Set(['other_seed', 'smaller_size']);

/** The changes as far as they bear on the memory that is needed, sorted. */
export const weighingChanges = (steps: readonly string[]): string[] =>
  [...new Set(steps.filter((step) => !withoutWeight.has(step)))].sort();

/** What an attempt under these changes needs memory for. */
export const memoryWorkOf = (
  workflow: Workflow,
  promised: PromisedSize & { modelName: string },
  changes: Changes,
): MemoryWork => ({
  workflow: workflow.file.name,
  modelName: promised.modelName,
  ...sizeUnder(workflow, promised, changes),
  changes: weighingChanges(changes.steps),
});

/** How much an estimate rises with each failure (reliability study, B.7). */
const rise = 1.25;

/**
 * The need after the work ran out of memory on a card of `cardMb`; `priorMb` is the workflow's own formula, if it has
 * one.
 */
export function afterFailing(
  known: MemoryNeed | undefined,
  work: MemoryWork,
  cardMb: number,
  priorMb: number | null,
): MemoryNeed {
  const former = known?.estimateMb ?? priorMb;
  const tooSmallMb = Math.max(known?.tooSmallMb ?? 0, cardMb);
  const estimateMb = Math.ceil(Math.max(tooSmallMb + 1, former === null ? 0 : former * rise));
  // A card that it fitted into once and not this time proves nothing any more.
  const fitted = known?.fitsMb ?? null;
  const fitsMb = fitted !== null && fitted > tooSmallMb ? fitted : null;
  return { ...work, tooSmallMb, estimateMb: fitsMb === null ? estimateMb : Math.min(estimateMb, fitsMb), fitsMb };
}

/** The need after the work succeeded on a card of `cardMb`. */
export function afterFitting(known: MemoryNeed | undefined, work: MemoryWork, cardMb: number): MemoryNeed {
  const fitsMb = Math.min(known?.fitsMb ?? Infinity, cardMb);
  const failed = known?.tooSmallMb ?? null;
  const tooSmallMb = failed !== null && failed < fitsMb ? failed : null;
  const estimate = known?.estimateMb ?? null;
  return {
    ...work,
    tooSmallMb,
    estimateMb: tooSmallMb === null || estimate === null ? null : Math.min(estimate, fitsMb),
    fitsMb,
  };
}

/**
 * Megabytes that the work needs as far as failures taught; null when nothing says that any card is too small. Learnt
 * for one size it holds for every larger one with as many changes or fewer; a larger work that fitted bounds it from
 * above.
 */
export function neededMb(needs: readonly MemoryNeed[], work: MemoryWork): number | null {
  const related = needs.filter(
    (need) => need.workflow === work.workflow && modelKey(need.modelName) === modelKey(work.modelName),
  );
  const below = related.filter(
    (need) =>
      need.estimateMb !== null && isAtMost(need, work) && work.changes.every((step) => need.changes.includes(step)),
  );
  if (below.length === 0) return null;
  const above = related.filter(
    (need) => need.fitsMb !== null && isAtMost(work, need) && need.changes.every((step) => work.changes.includes(step)),
  );
  return Math.min(
    Math.max(...below.map((need) => need.estimateMb ?? 0)),
    ...above.map((need) => need.fitsMb ?? Infinity),
  );
}

const isAtMost = (a: MemoryWork, b: MemoryWork): boolean =>
  a.width * a.height <= b.width * b.height && a.frames <= b.frames;

/** Gigabytes (GiB) for a person, to a tenth. */
export const gigabytes = (megabytes: number): string => `${Math.round(megabytes / 102.4) / 10} GB`;
