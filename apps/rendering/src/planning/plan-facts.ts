import type { Card } from '../cards/card';
import type { Waiting } from './eligibility';
import type { AttemptEstimate } from './estimates/estimate';
import type { Busy } from './estimates/remaining';
import type { Objective } from './sequencing/problem';

/** Seconds to bring into memory what is missing there; all zero when nothing is. */
export interface LoadEstimate {
  seconds: number;
  low: number;
  high: number;
  /** With 80 % certainty. */
  p80: number;
}

/** What a plan is made from; how it is at one moment, which is the zero of all its times. */
export interface PlanFacts<Task extends Waiting> {
  /** In the order of the configuration. */
  cards: readonly Card[];
  /** By card: what runs there still needs. */
  busy: ReadonlyMap<string, Busy>;
  /** In the order of rank, then age; see `queue.queries.ts`. */
  waiting: readonly Task[];
  /** What a task takes on a card that holds its models. */
  estimate: (task: Task, gpu: string) => AttemptEstimate;
  /** What of its models is missing where these are in memory takes to load; absent: nothing. */
  load?: (task: Task, gpu: string, resident: readonly string[]) => LoadEstimate;
  /** By card: the keys of the models that it holds when it is free; absent: none. */
  resident?: ReadonlyMap<string, readonly string[]>;
  /** By card: how many tasks in a row it rendered with the models that it had, past older ones of their rank. */
  streaks?: ReadonlyMap<string, number>;
  /** Seconds from now before which a card may not start it; absent: none. */
  earliest?: (task: Task, gpu: string) => number;
  /** Whether a card may take a task; without it `ineligibility` is asked each time. */
  fits?: (card: Card, task: Task) => boolean;
  /** Soft cost, in seconds, of a card for a task that it can take and should rather not; absent: none. */
  cost?: (task: Task, gpu: string) => number;
  /** Decides between plans that are equally good. */
  seed?: number;
  /** How many places the search tries; absent: what takes about two milliseconds for a full window. */
  places?: number;
  /** Cards that are given their next task while they still work: the bounds on waiting hold there as on idle ones. */
  ending?: ReadonlySet<string>;
  /** What is aimed at; absent: people who wait (`flow`). */
  objective?: Objective;
}

/** Where and when the plan has a task. */
export interface Span {
  gpu: string;
  /** Seconds from now; its models are loaded first, from `startIn` on. */
  startIn: number;
  finishIn: number;
  low: number;
  high: number;
  /** When it has ended with 80 % certainty. */
  p80: number;
  confidence: number | null;
  basis: string;
  /** What is not known, so that the end is not either: then the numbers are the least that is known of. */
  unknown?: string | undefined;
}

/**
 * Why this card: no other one can take the task; it has waited as long as anything may; enough others of its rank went
 * before it; the card holds its models; it is free before the others that can; of those that are free at the same time
 * it prefers this kind of work; it is done with it first; or it stands first in the configuration.
 */
export type PlacementReason =
  | 'only_card'
  | 'overdue'
  | 'passed_over'
  | 'models_loaded'
  | 'free_first'
  | 'preferred'
  | 'ready_first'
  | 'configured_first';

export interface Placement<Task extends Waiting> {
  task: Task;
  span: Span;
  /** Of the span, seconds until its models are in memory. */
  setupSeconds: number;
  reason: PlacementReason;
  /** The first of its card, which is idle: it starts now. */
  isHead: boolean;
}

export interface Plan<Task extends Waiting> {
  facts: PlanFacts<Task>;
  /** In the order in which they start. A task that no answering card can take is left out. */
  placements: readonly Placement<Task>[];
  /** By card, in the order in which it will render them, each from the end of the one before. */
  sequences: ReadonlyMap<string, readonly Placement<Task>[]>;
  /** What the searched part costs, in weighted seconds, and how many places were tried for it. */
  cost: number;
  tried: number;
}

/** A task that an idle card starts now. */
export interface Assignment {
  taskId: string;
  jobId: string;
  gpu: string;
}
