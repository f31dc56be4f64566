import { timesOf } from './precedence';
import type { SequencingProblem, Sequences } from './problem';

/**
 * The same sequences with tasks that are alike in everything but their age in the order of their age: whoever came
 * first starts first, and the results of one request stay together. `place` is where a task stands in line.
 */
export function inOrderOfAge(
  problem: SequencingProblem,
  sequences: Sequences,
  place: (task: number) => number,
): Sequences {
  const { begins } = timesOf(problem, sequences);
  const kinds = new Map<string, number[]>();
  for (const task of sequences.flat()) {
    const kind = kindOf(problem, task);
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), task]);
  }
  const instead = new Map<number, number>();
  for (const alike of kinds.values()) {
    const bySlot = [...alike].sort((a, b) => (begins[a] as number) - (begins[b] as number) || a - b);
    const byAge = [...alike].sort((a, b) => place(a) - place(b));
    for (const [index, slot] of bySlot.entries()) instead.set(slot, byAge[index] as number);
  }
  return sequences.map((sequence) => sequence.map((task) => instead.get(task) ?? task));
}

/** Tasks of one kind may change places; undefined for one that others wait for or that waits for others. */
function kindOf(problem: SequencingProblem, task: number): string | undefined {
  const { tasks, cards, startsAfter, endsAfter } = problem;
  const isTied = (list: readonly (readonly number[])[]): boolean =>
    (list[task]?.length ?? 0) > 0 || list.some((firsts) => firsts.includes(task));
  if (isTied(startsAfter) || isTied(endsAfter)) return undefined;
  const parts: number[] = [problem.leaves[task], problem.weight[task], problem.deadline[task]].map(Number);
  for (let card = 0; card < cards; card++) {
    const pair = card * tasks + task;
    parts.push(
      ...[problem.run, problem.lateRun, problem.cost, problem.release].map((values) => values[pair] as number),
    );
  }
  return parts.join(' ');
}
