import type { Card } from '../cards/card';
import { ineligibility, type Waiting } from './eligibility';
import type { AttemptEstimate } from './estimates/estimate';
import type { Busy } from './estimates/remaining';
import { foreignTime } from './explain';

/** What a plan is made from; how it is at one moment, which is the zero of all its times. */
export interface PlanFacts<Task extends Waiting> {
  /** In the order of the configuration. */
  cards: readonly Card[];
  /** By card: what runs there still needs. */
  busy: ReadonlyMap<string, Busy>;
  /** In the order in which they are served; see `queue.queries.ts`. */
  waiting: readonly Task[];
  /** What a task takes on a card. */
  estimate: (task: Task, gpu: string) => AttemptEstimate;
  /** Whether a card may take a task; without it `ineligibility` is asked each time. */
  fits?: (card: Card, task: Task) => boolean;
  /** Soft cost, in seconds, of a card for a task that it can take and should rather not; absent: none. */
  cost?: (task: Task, gpu: string) => number;
  /** Decides between plans that are equally good. */
  seed?: number;
}

/** Where and when the plan has a task. */
export interface Span {
  gpu: string;
  /** Seconds from now. */
  startIn: number;
  finishIn: number;
  low: number;
  high: number;
  confidence: number | null;
  basis: string;
  /** What is not known, so that the end is not either: then the numbers are the least that is known of. */
  unknown?: string | undefined;
}

/**
 * Why this card: no other one can take the task; it is free before the others that can; of those that are free at the
 * same time it prefers this kind of work; or it stands first in the configuration.
 */
export type PlacementReason = 'only_card' | 'free_first' | 'preferred' | 'configured_first';

export interface Placement<Task extends Waiting> {
  task: Task;
  span: Span;
  reason: PlacementReason;
  /** The first of its card, which is idle: it starts now. */
  isHead: boolean;
}

export interface Plan<Task extends Waiting> {
  facts: PlanFacts<Task>;
  /** In the order in which tasks are served. A task that no answering card can take is left out. */
  placements: readonly Placement<Task>[];
  /** By card, in the order in which it will render them, each from the end of the one before. */
  sequences: ReadonlyMap<string, readonly Placement<Task>[]>;
}

/** A task that an idle card starts now. */
export interface Assignment {
  taskId: string;
  jobId: string;
  gpu: string;
}

/** When a card can take its next task. */
type Availability = Busy & { isIdle: boolean };

/**
 * List scheduling: a card that becomes free takes the first task in line that it may run; a task that several free
 * cards may run goes to one that prefers its kind of work, then to the one that is configured first. A card whose end
 * is not known counts as free after all whose end is, and what stands behind it has no known end either.
 *
 * Tasks are placed in the order of the line, each on the eligible card that is free first. That is the same as going
 * from one end of work to the next, because who may run what does not change within a plan: a card never waits while
 * something in line could run on it, so nothing behind a task in line can delay it. See `planning.md`.
 *
 * Tasks that would start more than `horizonSeconds` from now are left out, and their times are not looked for.
 */
export function plan<Task extends Waiting>(facts: PlanFacts<Task>, horizonSeconds = Infinity): Plan<Task> {
  const free = new Map(facts.cards.map((card) => [card.name, availabilityNow(facts, card)]));
  return { facts, ...placeAll(facts, facts.waiting, free, horizonSeconds) };
}

/** What idle cards start now: the heads of the sequences. A plan up to the horizon 0 has all of them. */
export const assignments = <Task extends Waiting>({ placements }: Plan<Task>): Assignment[] =>
  placements
    .filter(({ isHead }) => isHead)
    .map(({ task, span }) => ({ taskId: task.taskId, jobId: task.jobId, gpu: span.gpu }));

/** When each task starts and ends, by its id. */
export const spans = <Task extends Waiting>({ placements }: Plan<Task>): Map<string, Span> =>
  new Map(placements.map(({ task, span }) => [task.taskId, span]));

/**
 * A span as it is told `seconds` after its plan was made, again from then on: what was to start meanwhile starts now,
 * and takes as long.
 */
export function spanAfter(span: Span, seconds: number): Span {
  const passed = Math.max(0, Math.min(seconds, span.startIn));
  return {
    ...span,
    startIn: span.startIn - passed,
    finishIn: span.finishIn - passed,
    low: Math.max(0, span.low - passed),
    high: span.high - passed,
  };
}

/**
 * The spans that these tasks would have if they stood behind those of the line that are ahead of them, and before all
 * others. What stands further back changes nothing for them, so the plan need not be made anew. `isAhead` holds for a
 * front part of the line. Tasks that no answering card can take are left out.
 */
export function spansBehind<Task extends Waiting>(
  { facts, sequences }: Plan<Task>,
  isAhead: (task: Task) => boolean,
  tasks: readonly Task[],
): Span[] {
  const free = new Map(
    facts.cards.map((card) => {
      const last = sequences.get(card.name)?.findLast(({ task }) => isAhead(task));
      return [card.name, last ? availabilityAfter(last.span) : availabilityNow(facts, card)];
    }),
  );
  return placeAll(facts, tasks, free, Infinity).placements.map(({ span }) => span);
}

function placeAll<Task extends Waiting>(
  facts: PlanFacts<Task>,
  tasks: readonly Task[],
  free: Map<string, Availability>,
  horizonSeconds: number,
): Pick<Plan<Task>, 'placements' | 'sequences'> {
  const placements: Placement<Task>[] = [];
  const sequences = new Map(facts.cards.map((card) => [card.name, [] as Placement<Task>[]]));
  const isBounded = horizonSeconds !== Infinity;
  for (const task of tasks) {
    if (isBounded && ![...free.values()].some((end) => isWithin(end, horizonSeconds))) break;
    const chosen = choose(facts, task, free);
    if (chosen === undefined || !isWithin(chosen.end, horizonSeconds)) continue;
    const { card, end, reason } = chosen;
    const placement = { task, span: spanFrom(end, facts.estimate(task, card.name), card), reason, isHead: end.isIdle };
    placements.push(placement);
    sequences.get(card.name)?.push(placement);
    free.set(card.name, availabilityAfter(placement.span));
  }
  return { placements, sequences };
}

/** The card that is free first among those that may take the task. */
function choose<Task extends Waiting>(
  { cards, fits = isEligible }: PlanFacts<Task>,
  task: Task,
  free: ReadonlyMap<string, Availability>,
): { card: Card; end: Availability; reason: PlacementReason } | undefined {
  let able = 0;
  let first: { card: Card; end: Availability }[] = [];
  for (const card of cards) {
    const end = free.get(card.name);
    if (end === undefined || !fits(card, task)) continue;
    able++;
    const order = first[0] === undefined ? -1 : compareEnds(end, first[0].end);
    if (order < 0) first = [{ card, end }];
    else if (order === 0) first.push({ card, end });
  }
  const preferring = first.filter(({ card }) => card.prefers.includes(task.work));
  const [chosen] = (preferring.length > 0 ? preferring : first).sort((a, b) => a.card.position - b.card.position);
  if (chosen === undefined) return undefined;
  if (able === 1) return { ...chosen, reason: 'only_card' };
  if (first.length === 1) return { ...chosen, reason: 'free_first' };
  return { ...chosen, reason: preferring.length === 1 ? 'preferred' : 'configured_first' };
}

const isEligible = (card: Card, task: Waiting): boolean => ineligibility(card, task) === undefined;

const isWithin = ({ seconds, unknown }: Busy, horizonSeconds: number): boolean =>
  horizonSeconds === Infinity || (unknown === undefined && seconds <= horizonSeconds);

/** Idle cards, then those whose end is known, then the others. */
const compareEnds = (a: Availability, b: Availability): number => groupOf(a) - groupOf(b) || a.seconds - b.seconds;

function groupOf({ unknown, isIdle }: Availability): number {
  if (unknown !== undefined) return 2;
  return isIdle ? 0 : 1;
}

/** A card that is neither idle nor known to work on something will be free in a moment. */
function availabilityNow<Task extends Waiting>({ busy }: PlanFacts<Task>, card: Card): Availability {
  const end = busy.get(card.name);
  const unknown = end?.unknown ?? (card.foreignPrompts === 0 ? undefined : foreignTime(card));
  const { seconds, low, high } = end ?? { seconds: 0, low: 0, high: 0 };
  return { seconds, low, high, unknown, isIdle: card.isIdle && end === undefined && unknown === undefined };
}

const availabilityAfter = ({ finishIn, low, high, unknown }: Span): Availability => ({
  seconds: finishIn,
  low,
  high,
  unknown,
  isIdle: false,
});

function spanFrom({ seconds, low, high, unknown }: Availability, own: AttemptEstimate, { name: gpu }: Card): Span {
  return {
    gpu,
    startIn: seconds,
    finishIn: seconds + own.seconds,
    low: low + own.low,
    high: high + own.high,
    confidence: seconds === 0 && unknown === undefined ? own.confidence : null,
    basis: own.basis,
    ...(unknown === undefined ? {} : { unknown }),
  };
}
