import type { Card } from '../cards/card';
import { ineligibility, type Waiting } from './eligibility';
import type { AttemptEstimate } from './estimates/estimate';
import type { PlanFacts } from './plan-facts';

/** How much an urgent, high, normal and low task weighs against the others, and one that measures its card. */
const weights = [16, 4, 1, 0.25, 0.01] as const;
const normal = 1;
/** Seconds after which a task that waits counts twice as much in the order in which tasks come into question. */
const ageing = 120;
/** Tasks that are planned exactly: the densest and the oldest. */
const window = { dense: 24, oldest: 4 };

/** A waiting task with what it takes on the cards that may render it. */
export interface Candidate<Task extends Waiting> {
  task: Task;
  /** Where it stands in line. */
  place: number;
  weight: number;
  waited: number;
  /** By position of the card among the facts' cards; undefined where it may not run. */
  estimates: readonly (AttemptEstimate | undefined)[];
  /** The least seconds that it takes on any card. */
  least: number;
}

export const weightOf = ({ rank }: Waiting): number => (rank === undefined ? normal : (weights[rank] ?? normal));

/** The tasks that some card may take, in the order of the line. */
export function candidatesOf<Task extends Waiting>({
  cards,
  waiting,
  estimate,
  fits = isEligible,
}: PlanFacts<Task>): Candidate<Task>[] {
  return waiting.flatMap((task, place): Candidate<Task>[] => {
    const estimates = cards.map((card) => (fits(card, task) ? estimate(task, card.name) : undefined));
    const least = Math.min(...estimates.map((one) => one?.seconds ?? Infinity));
    if (least === Infinity) return [];
    return [{ task, place, weight: weightOf(task), waited: task.waitedSeconds ?? 0, estimates, least }];
  });
}

/** Whether a card can take a task, where nobody says otherwise. */
export const isEligible = (card: Card, task: Waiting): boolean => ineligibility(card, task) === undefined;

/**
 * How much serving it does for those who wait, by the second that it takes: weight with ageing over its time (Smith's
 * ratio). Seconds below one make no difference.
 */
const densityOf = ({ weight, waited, least }: Candidate<Waiting>): number =>
  (weight * (1 + waited / ageing)) / Math.max(1, least);

/** Densest first; of equally dense ones in the order of the line. */
export const byDensity = <Task extends Waiting>(candidates: readonly Candidate<Task>[]): Candidate<Task>[] =>
  candidates
    .map((candidate) => ({ candidate, density: densityOf(candidate) }))
    .sort((a, b) => b.density - a.density || a.candidate.place - b.candidate.place)
    .map(({ candidate }) => candidate);

/**
 * Those that are planned exactly, densest first: the densest, the oldest, the densest of each of these cards, so that
 * none lacks a choice, and whatever these have to come after. The rest follows behind them. `all` are the cards by
 * whose positions the candidates have their estimates.
 */
export function windowOf<Task extends Waiting>(
  dense: readonly Candidate<Task>[],
  cards: readonly Card[],
  all: readonly Card[],
): { inside: Candidate<Task>[]; behind: Candidate<Task>[] } {
  if (dense.length <= window.dense + window.oldest) return { inside: [...dense], behind: [] };
  const oldest = [...dense].sort((a, b) => b.waited - a.waited || a.place - b.place).slice(0, window.oldest);
  const chosen = new Set<Candidate<Task>>(oldest);
  for (const card of cards) {
    const first = dense.find(({ estimates }) => estimates[all.indexOf(card)] !== undefined);
    if (first) chosen.add(first);
  }
  for (const candidate of dense) {
    if (chosen.size >= window.dense + window.oldest) break;
    chosen.add(candidate);
  }
  const firsts = [...chosen].flatMap(({ task }) => predecessorsOf(task, dense));
  for (const first of firsts) chosen.add(first);
  return { inside: dense.filter((one) => chosen.has(one)), behind: dense.filter((one) => !chosen.has(one)) };
}

/** Waiting tasks that this one has to come after. */
function predecessorsOf<Task extends Waiting>(
  { needs = [], behind = [] }: Waiting,
  all: readonly Candidate<Task>[],
): Candidate<Task>[] {
  if (needs.length + behind.length === 0) return [];
  return all.filter(({ task }) => needs.includes(task.taskId) || behind.includes(task.jobId));
}
