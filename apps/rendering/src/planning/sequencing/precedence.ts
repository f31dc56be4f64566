import { costOfTask } from './objective';
import type { SequencingProblem, Sequences } from './problem';

/** Whether some tasks have to wait for others; then cards cannot be looked at one by one. */
export const hasPrecedence = ({ startsAfter, endsAfter }: SequencingProblem): boolean =>
  startsAfter.some((list) => list.length > 0) || endsAfter.some((list) => list.length > 0);

/** When each task starts and ends; NaN where it never can, because sequences wait for each other in a circle. */
export interface Times {
  begins: Float64Array;
  ends: Float64Array;
  lateEnds: Float64Array;
}

/**
 * Times of all tasks: each card takes its tasks in their order, and each task waits for those it comes after, on
 * whatever card. A task that is not in the sequences holds up nothing.
 */
export function timesOf(problem: SequencingProblem, sequences: Sequences): Times {
  const { tasks, cards, sets } = problem;
  const begins = new Float64Array(tasks).fill(NaN);
  const ends = new Float64Array(tasks).fill(NaN);
  const lateEnds = new Float64Array(tasks).fill(NaN);
  const isPlanned = new Uint8Array(tasks);
  for (const sequence of sequences) for (const task of sequence) isPlanned[task] = 1;
  const next = new Int32Array(cards);
  const at = problem.free.slice();
  const held = problem.held.slice();
  const readyAt = (task: number): number => {
    let ready = 0;
    for (const first of problem.startsAfter[task] ?? [])
      if (isPlanned[first] === 1) ready = Math.max(ready, begins[first] as number);
    for (const first of problem.endsAfter[task] ?? [])
      if (isPlanned[first] === 1) ready = Math.max(ready, ends[first] as number);
    return ready;
  };
  for (let moved = true; moved;) {
    moved = false;
    for (let card = 0; card < cards; card++) {
      const sequence = sequences[card] ?? [];
      for (; (next[card] as number) < sequence.length; next[card] = (next[card] as number) + 1) {
        const task = sequence[next[card] as number] as number;
        const ready = readyAt(task);
        if (Number.isNaN(ready)) break;
        const pair = card * tasks + task;
        const left = problem.leaves[task] as number;
        const from = Math.max(at[card] as number, problem.release[pair] as number, ready);
        const change = (card * sets + (held[card] as number)) * sets + left;
        begins[task] = from;
        ends[task] = from + (problem.setup[change] as number) + (problem.run[pair] as number);
        lateEnds[task] = from + (problem.lateSetup[change] as number) + (problem.lateRun[pair] as number);
        at[card] = ends[task] as number;
        held[card] = left;
        moved = true;
      }
    }
  }
  return { begins, ends, lateEnds };
}

/** Cost of sequences whose tasks wait for each other; `Infinity` where they do so in a circle. */
export function costWithPrecedence(problem: SequencingProblem, sequences: Sequences): number {
  const { ends, lateEnds } = timesOf(problem, sequences);
  let sum = 0;
  let last = 0;
  for (const [card, sequence] of sequences.entries())
    for (const task of sequence) {
      const end = ends[task] as number;
      if (!Number.isFinite(end)) return Infinity;
      last = Math.max(last, end);
      const soft = (problem.weight[task] as number) * (problem.cost[card * problem.tasks + task] as number);
      sum += problem.objective === 'makespan' ? end : costOfTask(problem, task, end, lateEnds[task] as number) + soft;
    }
  return problem.objective === 'makespan' ? last + 1e-4 * sum : sum;
}
