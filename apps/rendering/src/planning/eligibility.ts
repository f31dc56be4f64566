import type { WorkKind } from '@tower/contracts';
import {
  describeMissing,
  lacking,
  type Requirements,
  type Capabilities,
} from '../workflows/compatibility/requirements';
import { findFile } from '../workflows/models/model-names';
import { gigabytes } from './memory/memory-need';

/** A card as the choice sees it. */
export interface Card {
  name: string;
  /** Position in the configuration; earlier ones win ties. */
  position: number;
  prefers: readonly WorkKind[];
  only: boolean;
  /** Reachable and without any prompt, ours or foreign. */
  idle: boolean;
  /** Reachable, idle or not. */
  up: boolean;
  /** Prompts on it that somebody else queued; it takes no other work until they are done. */
  foreignPrompts: number;
  checkpoints: readonly string[];
  nodes: ReadonlySet<string>;
  /** Everything that its server has. */
  stock?: Capabilities;
  /** Why it takes no work, in the words of its own detail; absent when it does. */
  trouble?: string | undefined;
  /** Megabytes (MiB) of video memory; null when unknown. */
  vramMb?: number | null;
}

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
}

/** Why a card cannot take a task, in words; undefined when it can. */
export function ineligibility(card: Card, task: Waiting): string | undefined {
  if (!card.up) return card.trouble ?? `${card.name} does not answer`;
  if (task.excludedGpus.includes(card.name)) return `${card.name} failed it already`;
  if (card.only && !card.prefers.includes(task.work)) return `${card.name} takes only ${card.prefers.join(', ')}`;
  return lacks(card, task) ?? tooSmall(card, task);
}

function lacks(card: Card, task: Waiting): string | undefined {
  if (task.requires?.fault !== undefined)
    return `workflow ${task.requires.workflow} makes no graph of it: ${task.requires.fault}`;
  if (task.requires && card.stock) {
    const missing = lacking(task.requires, card.stock);
    return missing.length === 0 ? undefined : `${card.name} lacks ${missing.map(describeMissing).join(', ')}`;
  }
  const nodes = task.classes.filter((name) => !card.nodes.has(name));
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
  if (needsMb === 0 || (card.vramMb ?? needsMb) >= needsMb) return undefined;
  return `needs about ${gigabytes(needsMb)} here, ${card.name} has ${gigabytes(card.vramMb ?? 0)}`;
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
  const able = cards.filter((card) => ineligibility({ ...card, up: true }, free) === undefined);
  const biggest = Math.max(...able.map((card) => card.vramMb ?? Infinity));
  return { ...free, needsMb: needsMb === null || able.length === 0 ? null : Math.min(needsMb, biggest) };
}
