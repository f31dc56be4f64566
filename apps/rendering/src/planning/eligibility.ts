import type { WorkKind } from '@tower/contracts';
import type { Card } from '../cards/card';
import { claimedMbOf, hinderingClaim } from '../cards/claimed-memory';
import { describeMissing, lacking, type Requirements } from '../workflows/compatibility/requirements';
import { findFile } from '../workflows/models/model-names';
import { gigabytes } from './memory/memory-need';

/** A task that waits. Given in the order of rank, then age. */
export interface Waiting {
  taskId: string;
  jobId: string;
  work: WorkKind;
  modelName: string;
  classes: readonly string[];
  excludedGpus: readonly string[];
  /**
   * Nodes and files of its own graph, with its parts and what recovery changed; without it, `classes` and `modelName`
   * have to do.
   */
  requires?: Requirements | undefined;
  /** Megabytes that it needs as far as failures taught. */
  needsMb?: number | null;
  /** The card that its last recovery step is about. */
  pinnedGpu?: string | undefined;
  /** 0 urgent to 3 low; absent: as a normal one. */
  rank?: number;
  /** Keys of the model files that it loads; absent where that is not known. */
  models?: readonly string[];
  /** Jobs that must have started before it: put into this order by hand. */
  behind?: readonly string[];
  /** Tasks that must have ended before it starts. */
  needs?: readonly string[];
  /** Megabytes that its workflow's formula expects, where nothing was learnt; null where it has none. */
  priorMb?: number | null;
  /** The only card that may take it, where its job belongs to one. */
  onlyGpu?: string | undefined;
  /** Seconds since it came into line. */
  waitedSeconds?: number;
  /** Seconds until it should be ready; negative when that is past, absent where nobody said. */
  deadlineIn?: number | undefined;
}

/** Why a card cannot take a task, in words; undefined when it can. */
export function ineligibility(card: Card, task: Waiting): string | undefined {
  if (!card.isUsable) return card.trouble ?? `${card.name} does not answer`;
  if (task.onlyGpu !== undefined && task.onlyGpu !== card.name) return `it is for ${task.onlyGpu} alone`;
  if (task.excludedGpus.includes(card.name)) return `${card.name} failed it already`;
  if (card.only && !card.prefers.includes(task.work)) return `${card.name} takes only ${card.prefers.join(', ')}`;
  return lacks(card, task) ?? tooSmall(card, task);
}

function lacks(card: Card, task: Waiting): string | undefined {
  if (task.requires?.fault !== undefined)
    return `workflow ${task.requires.workflow} makes no graph of it: ${task.requires.fault}`;
  if (task.requires) {
    const missing = lacking(task.requires, card);
    return missing.length === 0 ? undefined : `${card.name} lacks ${missing.map(describeMissing).join(', ')}`;
  }
  const nodes = task.classes.filter((name) => !card.nodes.includes(name));
  if (nodes.length > 0) return `${card.name} lacks the node ${nodes.join(', ')}`;
  return findFile(task.modelName, card.checkpoints) !== undefined
    ? undefined
    : `${card.name} lacks models/checkpoints/${task.modelName}`;
}

/**
 * Learnt from failures. Recovery tries the changes of a task on the card that failed, whatever is known of its size.
 */
function tooSmall(card: Card, task: Waiting): string | undefined {
  if (task.pinnedGpu !== undefined)
    return task.pinnedGpu === card.name ? undefined : `recovery goes on with ${task.pinnedGpu}`;
  const needsMb = task.needsMb ?? 0;
  if (needsMb === 0 || (card.memoryMb ?? needsMb) >= needsMb) return undefined;
  return `needs about ${gigabytes(needsMb)} here, ${card.name} has ${gigabytes(card.memoryMb ?? 0)}`;
}

/** Megabytes that a task is known to need: by what failures taught, else by its workflow's formula. */
const knownNeedMb = ({ needsMb, priorMb }: Waiting): number | null => needsMb ?? priorMb ?? null;

/** The claim of another program that keeps this card from starting the task now. */
function claimBefore(card: Card, task: Waiting): ReturnType<typeof hinderingClaim> {
  const { claims = [], memoryMb } = card;
  const needMb = knownNeedMb(task);
  return claims.length === 0 || memoryMb === null || needMb === null
    ? undefined
    : hinderingClaim(claims, memoryMb, needMb);
}

/**
 * Seconds from now before which this card may not start the task, because other programs claim the memory that it is
 * known to need; 0 where they leave enough, or nobody knows what it needs.
 */
export const earliestStart = (card: Card, task: Waiting): number => claimBefore(card, task)?.endsIn ?? 0;

/** Whose claim holds back the task on this card, and until when; undefined where none does. */
export function claimText(card: Card, task: Waiting): string | undefined {
  const claim = claimBefore(card, task);
  if (claim === undefined) return undefined;
  const { claims = [], memoryMb } = card;
  const leftMb = Math.max(0, (memoryMb ?? 0) - claimedMbOf(claims));
  const whose = [...new Set(claims.map(({ who }) => who))].join(', ');
  return (
    `${whose} claimed ${gigabytes(claimedMbOf(claims))} of ${card.name}: ${gigabytes(leftMb)} are left, this needs ` +
    `about ${gigabytes(knownNeedMb(task) ?? 0)} and can start there at ${claim.until.toISOString()}`
  );
}

/**
 * The task as these cards should see it: what was learnt of its memory counts only while some card is big enough (else
 * the biggest has to show what recovery can do), and it stays on one card only while that card is there.
 */
export function asSeenBy<Task extends Waiting>(cards: readonly Card[], task: Task): Task {
  const pinned = cards.find((card) => card.name === task.pinnedGpu);
  const pinnedGpu = pinned && ineligibility(pinned, task) === undefined ? task.pinnedGpu : undefined;
  const free = { ...task, pinnedGpu, needsMb: null };
  const needsMb = task.needsMb ?? null;
  const able = cards.filter((card) => ineligibility({ ...card, isUsable: true }, free) === undefined);
  const biggest = Math.max(...able.map((card) => card.memoryMb ?? Infinity));
  return { ...free, needsMb: needsMb === null || able.length === 0 ? null : Math.min(needsMb, biggest) };
}
