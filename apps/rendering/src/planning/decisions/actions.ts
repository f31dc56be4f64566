import { isEligible } from '../candidates';
import type { Waiting } from '../eligibility';
import type { Assignment, Placement, Plan } from '../plan-facts';
import { assignments } from '../planner';

/** A task that was sent to a card which works on something else, and has not begun. */
export interface SentTask {
  taskId: string;
  gpu: string;
}

/** What stands besides the facts of a plan when it is read. */
export interface Standing {
  /** Cards that are about to be done with what they work on, with nothing behind it. */
  ending: readonly string[];
  /** Planned as if they had not been sent. */
  sentAhead: readonly SentTask[];
}

/** What follows from a plan now. */
export interface Actions {
  /** What idle cards start. */
  start: Assignment[];
  /** What cards get behind what they work on. */
  ahead: Assignment[];
  /** What was sent ahead and is to begin elsewhere, or later. */
  back: (SentTask & { reason: string })[];
}

/** A task as plans are read; what measures a card is never sent ahead. */
export type PlannedTask = Waiting & { isCalibration?: boolean };

/** Seconds by which a card's next task may begin after the card is free, and is still its next one. */
const atOnce = 0.05;
/** Of a task of which nobody said it. */
const normalRank = 2;

/** Reads from a plan what cards are given now, and what is taken back. */
export function actionsOf<Task extends PlannedTask>(found: Plan<Task>, { ending, sentAhead }: Standing): Actions {
  const taken = new Set(sentAhead.map(({ taskId }) => taskId));
  const starts = assignments(found).filter(({ taskId }) => !taken.has(taskId));
  const swapped = new Map<string, Assignment>();
  for (const sent of sentAhead) {
    const given = new Set([...taken, ...starts.map(({ taskId }) => taskId), ...[...swapped.values()].map(idOf)]);
    const instead = alikeInstead(sent, found, given);
    if (instead !== undefined) swapped.set(sent.taskId, instead);
  }
  return {
    start: [...starts, ...swapped.values()],
    ahead: ending.flatMap((gpu) => nextOn(gpu, found, taken)),
    back: sentAhead.flatMap((sent) => {
      const reason = swapped.has(sent.taskId) ? undefined : whyBack(sent, found);
      return reason === undefined ? [] : [{ ...sent, reason }];
    }),
  };
}

const idOf = ({ taskId }: Assignment): string => taskId;

/**
 * Where an idle card would start what was sent to another one, and something just like it waits for one of the two: the
 * idle card starts that, and nothing has to be taken back.
 */
function alikeInstead<Task extends PlannedTask>(
  { taskId, gpu }: SentTask,
  found: Plan<Task>,
  given: ReadonlySet<string>,
): Assignment | undefined {
  const head = found.placements.find((placement) => placement.task.taskId === taskId && placement.isHead);
  if (head === undefined) return undefined;
  const { facts } = found;
  const cards = [head.span.gpu, gpu];
  const seconds = (task: Task): string => cards.map((card) => facts.estimate(task, card).seconds).join();
  const isAlike = (own: Task, other: Task): boolean =>
    rankOf(own) === rankOf(other) &&
    own.isCalibration === other.isCalibration &&
    own.deadlineIn === other.deadlineIn &&
    (own.models ?? []).join() === (other.models ?? []).join() &&
    facts.cards.every((card) => card.name !== head.span.gpu || (facts.fits ?? isEligible)(card, other)) &&
    seconds(own) === seconds(other);
  const instead = found.placements.find(
    ({ task, span }) => cards.includes(span.gpu) && !given.has(task.taskId) && isAlike(head.task, task),
  );
  return instead && { taskId: instead.task.taskId, jobId: instead.task.jobId, gpu: head.span.gpu };
}

/** Why a task that was sent ahead is to begin elsewhere, or later. */
function whyBack<Task extends PlannedTask>({ taskId, gpu }: SentTask, found: Plan<Task>): string | undefined {
  const elsewhere = found.placements.find((placement) => placement.task.taskId === taskId && placement.isHead);
  if (elsewhere) return `${elsewhere.span.gpu} is free and can start it now`;
  const first = firstOn(gpu, found);
  const own = found.facts.waiting.find((task) => task.taskId === taskId);
  if (first === undefined || rankOf(first.task) >= rankOf(own)) return undefined;
  return `job ${first.task.jobId} has a higher priority and goes first`;
}

const rankOf = (task: Waiting | undefined): number => task?.rank ?? normalRank;

/** What the card begins when it is done, unless it is to wait for something then. */
function nextOn<Task extends PlannedTask>(gpu: string, found: Plan<Task>, taken: ReadonlySet<string>): Assignment[] {
  const first = firstOn(gpu, found);
  const free = found.facts.busy.get(gpu);
  if (first === undefined || free === undefined || first.span.unknown !== undefined) return [];
  const { taskId, jobId, isCalibration } = first.task;
  if (first.span.startIn > free.seconds + atOnce || taken.has(taskId) || isCalibration === true) return [];
  return [{ taskId, jobId, gpu }];
}

const firstOn = <Task extends PlannedTask>(gpu: string, { sequences }: Plan<Task>): Placement<Task> | undefined =>
  [...(sequences.get(gpu) ?? [])].sort((a, b) => a.span.startIn - b.span.startIn)[0];
