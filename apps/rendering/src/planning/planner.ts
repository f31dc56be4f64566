import { availabilityNow } from './availability';
import { byDensity, candidatesOf, windowOf, type Candidate } from './candidates';
import type { Card } from '../cards/card';
import type { Waiting } from './eligibility';
import { ExactProblem } from './exact-problem';
import { Line } from './line';
import type { Assignment, Placement, Plan, PlanFacts, Span } from './plan-facts';
import { inOrderOfAge } from './sequencing/age-order';
import { timesOf } from './sequencing/precedence';
import { searchSequences } from './sequencing/search';
import { keepBounds, type Exception } from './waiting-bounds';

/**
 * Goes up whenever other plans come of the same facts; kept with each decision. `replay.spec.ts` fails when it was
 * forgotten.
 */
export const plannerVersion = 1;

/** Places that a search tries: one to two milliseconds for twenty-eight tasks on three cards. */
const places = { flow: 8_000, makespan: 15_000 };

/**
 * The rolling-horizon plan. For the densest and the oldest waiting tasks the sequences of the cards are searched that
 * cost those who wait least, with what has to be loaded between them; the bounds on waiting are kept whatever was
 * found;
 * all other tasks follow behind these, each where it ends first. Only what idle cards start now is ever done of it: the
 * next look makes a new one. The same facts give the same plan. See `planning.md`.
 *
 * Tasks that would start more than `horizonSeconds` from now are left out of the answer.
 */
export function plan<Task extends Waiting>(facts: PlanFacts<Task>, horizonSeconds = Infinity): Plan<Task> {
  const line = new Line(facts);
  const known = facts.cards.filter((card) => availabilityNow(facts, card).unknown === undefined);
  const candidates = byDensity(candidatesOf(facts));
  const within = (candidate: Candidate<Task>): boolean =>
    known.some((card) => candidate.estimates[facts.cards.indexOf(card)] !== undefined);
  const { inside, behind } = windowOf(candidates.filter(within), known, facts.cards);
  const { order, cost, tried } = searched(facts, known, inside);
  for (const { card, candidate, from, because } of order) line.add(card, candidate, { from, because });
  // Nothing is lost that waits for each other in a circle.
  const placed = new Set(order.map(({ candidate }) => candidate));
  const unplaced = inside.filter((candidate) => !placed.has(candidate));
  line.addEach([...unplaced, ...behind, ...candidates.filter((candidate) => !within(candidate))]);
  const placements = line.placements
    .filter(({ span }) => span.startIn <= horizonSeconds)
    .sort((a, b) => a.span.startIn - b.span.startIn);
  return { facts, placements, sequences: byCard(facts, placements), cost, tried };
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
    p80: span.p80 - passed,
  };
}

/**
 * The spans that these tasks would have if they were in line as well, at this place: those of a plan with them. Tasks
 * that no answering card can take are left out.
 */
export function spansWith<Task extends Waiting>(
  { facts }: Plan<Task>,
  tasks: readonly Task[],
  place = facts.waiting.length,
): Span[] {
  const { waiting } = facts;
  const found = spans(plan({ ...facts, waiting: [...waiting.slice(0, place), ...tasks, ...waiting.slice(place)] }));
  return tasks.flatMap(({ taskId }) => found.get(taskId) ?? []);
}

/** A task that the search put on a card; `from` where it has to wait for others until then. */
interface Put<Task extends Waiting> {
  card: Card;
  candidate: Candidate<Task>;
  from: number;
  because: Exception | undefined;
}

/** The searched part of a plan, in the order in which it starts. */
function searched<Task extends Waiting>(
  facts: PlanFacts<Task>,
  cards: readonly Card[],
  inside: readonly Candidate<Task>[],
): { order: Put<Task>[]; cost: number; tried: number } {
  const free = cards.map((card) => availabilityNow(facts, card));
  const exact = new ExactProblem(facts, cards, free, inside);
  const { problem } = exact;
  const order = [...inside.keys()];
  if (problem.objective === 'makespan') order.sort((a, b) => leastOf(inside[b]) - leastOf(inside[a]));
  const found = searchSequences(problem, order, {
    seed: facts.seed ?? 1,
    places: facts.places ?? places[problem.objective],
  });
  const sequences = inOrderOfAge(problem, found.sequences, (task) => inside[task]?.place ?? 0);
  const isGiven = (card: number): boolean =>
    free[card]?.isIdle === true || facts.ending?.has(cards[card]?.name ?? '') === true;
  const given = [...free.keys()].filter(isGiven);
  const forced =
    problem.objective === 'makespan' ? undefined : keepBounds(exact, sequences, given, facts.streaks ?? new Map());
  const { begins } = timesOf(problem, sequences);
  const put = sequences.flatMap((sequence, index) =>
    sequence.map((task): Put<Task> & { begin: number } => ({
      card: cards[index] as Card,
      candidate: inside[task] as Candidate<Task>,
      from: begins[task] as number,
      because: forced?.get(task),
      begin: begins[task] as number,
    })),
  );
  put.sort((a, b) => a.begin - b.begin || a.candidate.place - b.candidate.place);
  return { order: put, cost: found.cost, tried: found.tried };
}

const leastOf = (candidate: Candidate<Waiting> | undefined): number => candidate?.least ?? 0;

function byCard<Task extends Waiting>(
  facts: PlanFacts<Task>,
  placements: readonly Placement<Task>[],
): ReadonlyMap<string, readonly Placement<Task>[]> {
  const sequences = new Map(facts.cards.map((card) => [card.name, [] as Placement<Task>[]]));
  for (const placement of placements) sequences.get(placement.span.gpu)?.push(placement);
  return sequences;
}
