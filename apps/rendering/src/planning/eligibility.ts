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

export interface Assignment {
  taskId: string;
  jobId: string;
  gpu: string;
}

/**
 * First come, first served within a rank: the oldest task takes its preferred idle card, else any idle card that can do
 * it. A task that no idle card can take is passed over; it does not hold up the others.
 */
export function assign(cards: readonly Card[], waiting: readonly Waiting[]): Assignment[] {
  const free = new Map(cards.filter((card) => card.idle && card.up).map((card) => [card.name, card]));
  const assignments: Assignment[] = [];
  for (const task of waiting) {
    if (free.size === 0) break;
    const chosen = [...free.values()]
      .filter((card) => ineligibility(card, task) === undefined)
      .sort((a, b) => preference(a, task) - preference(b, task) || a.position - b.position)[0];
    if (!chosen) continue;
    free.delete(chosen.name);
    assignments.push({ taskId: task.taskId, jobId: task.jobId, gpu: chosen.name });
  }
  return assignments;
}

const preference = (card: Card, task: Waiting): number => (card.prefers.includes(task.work) ? 0 : 1);

/** How many tasks are served before one; `about` where it stands further back than the forecast looks. */
export interface Ahead {
  count: number;
  about: boolean;
}

/**
 * Why a task is not running, for a person: what it waits for, or what has to be mended. `ahead` is left out where
 * nothing is known of its place.
 */
export function whyWaiting(cards: readonly Card[], task: Waiting, ahead: Ahead | undefined): string {
  if (cards.length === 0) return 'Waiting: no card is configured; name one in config/gpus.yaml or TOWER_GPUS';
  const fit = cards.filter((card) => ineligibility(card, task) === undefined);
  if (fit.length === 0) return `Waiting: ${cards.map((card) => ineligibility(card, task)).join('; ')}`;
  const taken = fit
    .filter((card) => card.foreignPrompts > 0)
    .map((card) => `; ${card.name} is busy with ${othersPrompts(card.foreignPrompts)}`);
  return `Waiting: ${placeText(ahead)} for ${fit.map((card) => card.name).join(' or ')}${taken.join('')}`;
}

function placeText(ahead: Ahead | undefined): string {
  if (ahead === undefined) return 'in line';
  if (ahead.about) return `${aboutSoMany(ahead.count)} before it in line`;
  return `${ahead.count === 0 ? 'next' : ordinal(ahead.count + 1)} in line`;
}

/** As exact as such a number is. */
export const aboutSoMany = (count: number): string => `about ${Math.round(count / 10) * 10} tasks`;

export const othersPrompts = (count: number): string =>
  `${count === 1 ? 'a prompt' : `${count} prompts`} that somebody else queued`;

export function ordinal(n: number): string {
  const tens = n % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${suffix}`;
}
