import type { Waiting } from './eligibility';
import type { ExactProblem } from './exact-problem';
import type { Sequences } from './sequencing/problem';

/** Seconds that anything may wait, and how many times its own time where that is longer. */
const bound = { seconds: 15 * 60, times: 10 };
/** Tasks that a card may take one after the other because it holds their models, past an older one of their rank. */
export const longestStreak = 5;

/** Whether a card may start a task now, as far as its place in line is concerned, and why it has to if it does. */
export type Exception = 'overdue' | 'passed_over';

/** Seconds that a task may wait while a card that could run it runs something that came later. `ownSeconds`: median. */
export const longestWait = (ownSeconds: number): number => Math.max(bound.seconds, bound.times * ownSeconds);

/**
 * Sequences whose first tasks keep the two bounds of `planning.md`, whatever the search found: nothing waits longer
 * than
 * `longestWait` while a card that could run it runs something that came later, and no more than five tasks in a row go
 * past an older one of their rank because the card holds their models. What has to go first is put first. `idle` are
 * the cards that are given something now. Returns by task why it was put first.
 */
export function keepBounds<Task extends Waiting>(
  exact: ExactProblem<Task>,
  sequences: Sequences,
  idle: readonly number[],
  streaks: ReadonlyMap<string, number> = new Map(),
): ReadonlyMap<number, Exception> {
  const forced = new Map<number, Exception>();
  for (const card of idle) {
    const head = sequences[card]?.[0];
    const name = exact.cards[card]?.name ?? '';
    if (head === undefined) continue;
    const isStreak = (streaks.get(name) ?? 0) >= longestStreak && isWarm(exact, card, head);
    const free = startable(exact, sequences, card, idle, head);
    const due = free.filter((task) => isDue(exact, card, head, task));
    const overdue = firstOf(due, (task) => leftOf(exact, card, task));
    const passed = isStreak
      ? firstOf(
          free.filter((task) => isPassed(exact, card, head, task)),
          ageOf(exact),
        )
      : undefined;
    const first = overdue ?? passed;
    if (first === undefined) continue;
    putFirst(sequences, card, first);
    forced.set(first, overdue === undefined ? 'passed_over' : 'overdue');
  }
  return forced;
}

/** Older tasks than the head that the card could start now and no other idle card is about to. */
function startable<Task extends Waiting>(
  exact: ExactProblem<Task>,
  sequences: Sequences,
  card: number,
  idle: readonly number[],
  head: number,
): number[] {
  const { problem } = exact;
  const taken = new Set(idle.flatMap((other) => sequences[other]?.[0] ?? []));
  const waits = (task: number): boolean =>
    (problem.startsAfter[task]?.length ?? 0) > 0 || (problem.endsAfter[task]?.length ?? 0) > 0;
  return [...exact.candidates.keys()].filter((task) => {
    const pair = card * problem.tasks + task;
    return (
      isOlder(exact, task, head) &&
      !taken.has(task) &&
      !waits(task) &&
      problem.run[pair] !== Infinity &&
      (problem.release[pair] as number) <= 0
    );
  });
}

function isOlder<Task extends Waiting>({ candidates }: ExactProblem<Task>, task: number, than: number): boolean {
  const [one, other] = [candidates[task], candidates[than]];
  if (one === undefined || other === undefined || task === than) return false;
  return one.waited > other.waited || (one.waited === other.waited && one.place < other.place);
}

/** Its bound would pass before the card is done with the head. */
function isDue<Task extends Waiting>(exact: ExactProblem<Task>, card: number, head: number, task: number): boolean {
  const { problem } = exact;
  const pair = card * problem.tasks + head;
  const change = changeOf(exact, card, head);
  const until = (problem.lateSetup[change] as number) + (problem.lateRun[pair] as number);
  return leftOf(exact, card, task) < until;
}

/** Seconds until its bound. */
const leftOf = <Task extends Waiting>({ problem }: ExactProblem<Task>, card: number, task: number): number =>
  longestWait(problem.run[card * problem.tasks + task] as number) - (problem.waited[task] as number);

const changeOf = <Task extends Waiting>({ problem }: ExactProblem<Task>, card: number, task: number): number =>
  (card * problem.sets + (problem.held[card] as number)) * problem.sets + (problem.leaves[task] as number);

const isWarm = <Task extends Waiting>({ problem }: ExactProblem<Task>, card: number, task: number): boolean =>
  problem.held[card] === problem.leaves[task];

const isPassed = <Task extends Waiting>(exact: ExactProblem<Task>, card: number, head: number, task: number): boolean =>
  exact.problem.weight[task] === exact.problem.weight[head] && !isWarm(exact, card, task);

const ageOf =
  <Task extends Waiting>({ problem }: ExactProblem<Task>) =>
  (task: number): number =>
    -(problem.waited[task] as number);

function firstOf(tasks: readonly number[], by: (task: number) => number): number | undefined {
  return [...tasks].sort((a, b) => by(a) - by(b) || a - b)[0];
}

function putFirst(sequences: Sequences, card: number, task: number): void {
  for (const sequence of sequences) {
    const at = sequence.indexOf(task);
    if (at >= 0) sequence.splice(at, 1);
  }
  sequences[card]?.unshift(task);
}
