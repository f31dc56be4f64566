import type { Card } from '../cards/card';
import type { Attempt } from '../jobs/attempt.entity';
import { ineligibility } from './eligibility';
import { comparePlaces } from './line-marks';
import { RecordedPlan } from './decisions/recorded-plan';
import type { Assignment, PlanFacts } from './plan-facts';
import type { PlaceInLine, SentAheadRow, WaitingRow } from './queue.queries';
import type { WaitingTask } from './waiting-task';

/** The cards that are to be given something, by their names, as whoever drives them sees it. */
export interface GivenCards {
  /** Without any prompt, whatever was read of them. */
  idle: readonly string[];
  /** About to be done with what they work on, with nothing behind it. */
  ending?: readonly string[];
  /** Tasks that were sent to a card that works on something else, and have not begun. */
  sentAhead?: readonly string[];
  /** Cards that something is on the way to. */
  underWay?: readonly string[];
}

/** What follows from one plan now. */
export interface Decision {
  /** What idle cards start. */
  start: Assignment[];
  /** What cards get behind what they work on. */
  ahead: Assignment[];
  /** What was sent ahead and should not wait there any more. */
  back: { attempt: Attempt; reason: string }[];
  /** What it was read from; undefined while nothing new is started. */
  planned: RecordedPlan<WaitingTask> | undefined;
}

/** What a snapshot knows, as far as a decision needs it. */
export interface DecisionGround {
  /** Why nothing new is started. */
  pause: string | undefined;
  cards: readonly Card[];
  /** Those of the line that may begin. */
  waiting: readonly WaitingTask[];
  /** Where those of the line stand. */
  rows: readonly (WaitingRow & PlaceInLine)[];
  live: readonly Attempt[];
  sentAhead: readonly { row: SentAheadRow; task: WaitingTask }[];
  fits: (card: Card, task: WaitingTask) => boolean;
  mayBegin: (task: WaitingTask) => boolean;
  planFacts: (live: readonly Attempt[]) => PlanFacts<WaitingTask>;
}

/** A task that was sent ahead, with the attempt that it is. */
interface SentAhead {
  row: SentAheadRow;
  task: WaitingTask;
  attempt: Attempt;
}

/**
 * Reads from one plan what idle cards start, what cards that are about to be done get behind what they work on, and
 * what of that should be taken back: because something of a higher priority is to go first there, because an idle card
 * would start it now, or because it may not begin there any more. All cards are in the plan, with what they still work
 * on, so that one is left idle where its next task is sooner done by another one. A card whose memory is being made
 * free for another program is given nothing.
 */
export function decide({ idle, ending = [], underWay = [] }: GivenCards, ground: DecisionGround): Decision {
  const sent = ground.sentAhead.flatMap(({ row, task }): SentAhead[] => {
    const attempt = ground.live.find(({ taskId }) => taskId === task.taskId);
    return attempt === undefined ? [] : [{ row, task, attempt }];
  });
  const { pause } = ground;
  if (pause !== undefined)
    return { start: [], ahead: [], back: sent.map(({ attempt }) => ({ attempt, reason: pause })), planned: undefined };
  const barred = sent.flatMap((one) => whyBarred(one, ground) ?? []);
  const open = sent.filter(({ attempt }) => !barred.some((back) => back.attempt === attempt));
  const planned = new RecordedPlan(factsOf({ idle, ending, underWay }, open, ground), {
    ending,
    sentAhead: open.map(({ task: { taskId }, attempt: { gpu } }) => ({ taskId, gpu })),
  });
  const { start, ahead, back } = planned.actions;
  const sentOf = (taskId: string): Attempt[] =>
    open.flatMap(({ task, attempt }) => (task.taskId === taskId ? [attempt] : []));
  return {
    start,
    ahead,
    back: [...barred, ...back.flatMap(({ taskId, reason }) => sentOf(taskId).map((attempt) => ({ attempt, reason })))],
    planned,
  };
}

const noTime = { seconds: 0, low: 0, high: 0 };

/** All that could begin in one line, and the cards as if nothing had been sent ahead. */
function factsOf(
  { idle, ending, underWay }: Required<Omit<GivenCards, 'sentAhead'>>,
  sent: readonly SentAhead[],
  { cards, waiting, rows, live, planFacts }: DecisionGround,
): PlanFacts<WaitingTask> {
  const facts = planFacts(live.filter((attempt) => !sent.some((one) => one.attempt === attempt)));
  const settled = ({ claims = [] }: Card): boolean => claims.every(({ isSettled }) => isSettled);
  const isIdle = (card: Card): boolean => idle.includes(card.name) && settled(card);
  const busy = new Map([...facts.busy].filter(([gpu]) => !cards.some((card) => card.name === gpu && isIdle(card))));
  // Nothing of ours says when it is done with what it is at: nobody waits for it.
  for (const card of cards)
    if (!isIdle(card) && !busy.has(card.name) && !underWay.includes(card.name))
      busy.set(card.name, { ...noTime, unknown: `when ${card.name} is done with what it is at` });
  return {
    ...facts,
    cards: cards.map((card) =>
      idle.includes(card.name) ? { ...card, isIdle: settled(card), foreignPrompts: 0 } : { ...card, isIdle: false },
    ),
    busy,
    waiting: inserted(waiting, rows, sent),
    ending: new Set([...ending, ...sent.map(({ attempt }) => attempt.gpu)]),
  };
}

/** The line with what was sent ahead at its own places. */
function inserted(
  waiting: readonly WaitingTask[],
  rows: readonly (WaitingRow & PlaceInLine)[],
  sent: readonly SentAhead[],
): WaitingTask[] {
  if (sent.length === 0) return [...waiting];
  const places = new Map(rows.map((row) => [row.task_id, row]));
  const line = [...waiting];
  for (const { row, task } of sent) {
    const at = line.findIndex((other) => {
      const place = places.get(other.taskId);
      return place !== undefined && comparePlaces(row, place) < 0;
    });
    line.splice(at < 0 ? line.length : at, 0, task);
  }
  return line;
}

/** Why a task that was sent ahead may not begin where it is, whatever else waits. */
function whyBarred(
  { row, task, attempt }: SentAhead,
  { cards, fits, mayBegin }: DecisionGround,
): Decision['back'][0] | undefined {
  const card = cards.find(({ name }) => name === attempt.gpu);
  if (row.paused) return { attempt, reason: 'its job is paused' };
  if (card === undefined) return undefined;
  if (!fits(card, task)) return { attempt, reason: ineligibility(card, task) ?? `${card.name} takes it no more` };
  if ((card.claims ?? []).some(({ isSettled }) => !isSettled))
    return { attempt, reason: `the memory of ${card.name} is made free for another program` };
  return mayBegin(task) ? undefined : { attempt, reason: 'another job goes before it by hand' };
}
