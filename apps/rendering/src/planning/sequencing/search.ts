import { seededRandom } from '@tower/kit';
import { certainly, Schedule } from './schedule';
import type { SequencingProblem, Sequences } from './problem';

/** How much is looked for: places that are tried for a task, in all. The same number finds the same plan. */
export interface SearchBudget {
  seed: number;
  places: number;
}

/**
 * Share by which a plan may be worse than the best one and still be gone on from, at the beginning; at the end none
 * (threshold accepting: Dueck, Scheuer, J. Comput. Phys. 90 (1990)). More for the makespan, which most changes leave
 * as it is.
 */
const detours = { flow: 0.15, makespan: 0.4 };
/** Tasks that are taken out and put in again at a time. */
const ruin = { least: 2, most: 6 };

/**
 * Good sequences: each task, in the given order, at its best place (best insertion), each once more at its best place
 * until that changes nothing (local search), then some taken out and put back again and again (ruin and recreate:
 * Schrimpf et al., J. Comput. Phys. 159 (2000); iterated local search: Lourenço, Martin,
 * Stützle, Handbook of Metaheuristics (2003)). The same problem, order and budget give the same answer.
 */
export function searchSequences(
  problem: SequencingProblem,
  order: readonly number[],
  { seed, places }: SearchBudget,
): { sequences: Sequences; cost: number; tried: number } {
  const random = seededRandom(seed);
  const draw = (below: number): number => Math.floor(random() * below);
  const now = new Schedule(problem);
  for (const task of firstsFirst(problem, order)) now.insertBest(task);
  settle(now, order, places);
  let best = now.copy();
  let kept = best;
  while (now.tried < places && order.length > 1) {
    const removed = ruins[draw(ruins.length)]?.(now, order, draw) ?? [];
    if (!recreate(now, removed, draw)) now.restore(kept);
    if (now.cost < best.cost * certainly) best = now.copy();
    const most = best.cost * (1 + detours[problem.objective] * (1 - now.tried / places));
    if (now.cost <= most) kept = now.copy();
    else now.restore(kept);
  }
  return { sequences: best.sequences, cost: best.cost, tried: now.tried };
}

/** Puts what was taken out back in any order. False when something found no place. */
function recreate(schedule: Schedule, removed: number[], draw: (below: number) => number): boolean {
  for (let left = removed.length; left > 0; left--) {
    const [task] = removed.splice(draw(left), 1);
    if (task !== undefined && !schedule.insertBest(task)) return false;
  }
  return true;
}

/**
 * The same tasks, each behind those that it has to come after: so there is always a place for it. Of tasks that wait
 * for
 * each other in a circle some find none.
 */
function firstsFirst({ startsAfter, endsAfter }: SequencingProblem, order: readonly number[]): number[] {
  const sorted = new Set<number>();
  const visited = new Set<number>();
  const visit = (task: number): void => {
    if (visited.has(task)) return;
    visited.add(task);
    for (const first of [...(startsAfter[task] ?? []), ...(endsAfter[task] ?? [])]) visit(first);
    sorted.add(task);
  };
  for (const task of order) visit(task);
  return [...sorted].filter((task) => order.includes(task));
}

/** Each task once more at its best place, until a round changes nothing. */
function settle(schedule: Schedule, order: readonly number[], places: number): void {
  for (let before = Infinity; schedule.cost < before && schedule.tried < places;) {
    before = schedule.cost;
    for (const task of order) {
      const kept = schedule.copy();
      schedule.remove(task);
      if (!schedule.insertBest(task) || schedule.cost >= kept.cost * certainly) schedule.restore(kept);
    }
  }
}

/** Any tasks. */
function ruinAtRandom(schedule: Schedule, order: readonly number[], draw: (below: number) => number): number[] {
  const count = Math.min(order.length, ruin.least + draw(ruin.most - ruin.least + 1));
  const removed = new Set<number>();
  while (removed.size < count) removed.add(order[draw(order.length)] as number);
  for (const task of removed) schedule.remove(task);
  return [...removed];
}

/** Neighbours on one card: a whole block is free to go elsewhere. */
function ruinBlock(schedule: Schedule, _order: readonly number[], draw: (below: number) => number): number[] {
  const sequence = schedule.sequences[draw(schedule.sequences.length)] ?? [];
  const count = Math.min(sequence.length, ruin.least + draw(ruin.most - ruin.least + 1));
  const from = draw(sequence.length - count + 1);
  const removed = sequence.slice(from, from + count);
  for (const task of removed) schedule.remove(task);
  return removed;
}

/** All that share a task's models: they are brought together, or loaded on another card. */
function ruinSet(schedule: Schedule, order: readonly number[], draw: (below: number) => number): number[] {
  const removed = schedule.alike(order[draw(order.length)] as number, order);
  for (const task of removed) schedule.remove(task);
  return removed;
}

const ruins = [ruinAtRandom, ruinBlock, ruinSet];
