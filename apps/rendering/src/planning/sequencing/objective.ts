import type { SequencingProblem } from './problem';

/**
 * How the cost of one task grows. Its weighted seconds from arrival to end; beyond `patienceSeconds` every second
 * counts
 * more, whatever its weight, and beyond `longSeconds` with the square, because an average hides the one who waits all
 * day; a missed deadline costs once and by the second (reliability study, C.4; the square is what bounds the longest
 * wait where cards are busy 95 % of the time).
 */
export const shape = {
  patienceSeconds: 240,
  impatience: 16,
  longSeconds: 480,
  perSquareSecond: 0.05,
  missed: 400,
  perSecondLate: 4,
  mostLateSeconds: 600,
} as const;

/** So that of two plans with the same end the one that is done with more of it earlier is better. */
const tie = 1e-4;

/** Cost of one task that ends `finish` seconds from now, and at `late` with 80 % certainty. */
export function costOfTask(problem: SequencingProblem, task: number, finish: number, late: number): number {
  const flow = (problem.waited[task] as number) + finish;
  let cost = (problem.weight[task] as number) * flow;
  if (flow > shape.patienceSeconds) cost += shape.impatience * (flow - shape.patienceSeconds);
  if (flow > shape.longSeconds) cost += shape.perSquareSecond * (flow - shape.longSeconds) ** 2;
  const overdue = late - (problem.deadline[task] as number);
  if (overdue > 0) cost += shape.missed + shape.perSecondLate * Math.min(overdue, shape.mostLateSeconds);
  return cost;
}

/**
 * Cost of what one card does in this order, `Infinity` where it may not. For the makespan it is the end of the card,
 * with a little of all ends.
 */
export function costOfCard(problem: SequencingProblem, card: number, sequence: readonly number[]): number {
  const { tasks, sets, setup, lateSetup, run, lateRun, release, leaves, weight, cost } = problem;
  const isMakespan = problem.objective === 'makespan';
  let at = problem.free[card] as number;
  let held = problem.held[card] as number;
  let sum = 0;
  for (let place = 0; place < sequence.length; place++) {
    const task = sequence[place] as number;
    const pair = card * tasks + task;
    const seconds = run[pair] as number;
    if (seconds === Infinity) return Infinity;
    const change = (card * sets + held) * sets + (leaves[task] as number);
    const earliest = release[pair] as number;
    const begin = at > earliest ? at : earliest;
    const late = begin + (lateSetup[change] as number) + (lateRun[pair] as number);
    at = begin + (setup[change] as number) + seconds;
    held = leaves[task] as number;
    sum += isMakespan ? at : costOfTask(problem, task, at, late) + (weight[task] as number) * (cost[pair] as number);
  }
  return isMakespan ? (sequence.length === 0 ? 0 : at) + tie * sum : sum;
}
