import { costOfCard } from './objective';
import { costWithPrecedence, hasPrecedence } from './precedence';
import type { SequencingProblem, Sequences } from './problem';

/** Sums in another order differ in their last digits; less than this share is no gain. */
export const certainly = 1 - 1e-9;
/**
 * Weight of the other cards' ends beside the last one, so that a plan with the same makespan is better if they end
 * sooner.
 */
const otherEnds = 0.01;

/** A schedule as it was at one moment. */
export interface Kept {
  sequences: Sequences;
  costs: Float64Array;
  cost: number;
}

/** Sequences that are built and changed, with their cost. */
export class Schedule {
  sequences: Sequences;
  /** What all of it costs. */
  cost = 0;
  /** Places that were tried so far. */
  tried = 0;
  private costs: Float64Array;
  private readonly isTied: boolean;

  constructor(private readonly problem: SequencingProblem) {
    this.sequences = Array.from({ length: problem.cards }, () => []);
    this.costs = new Float64Array(problem.cards);
    this.isTied = hasPrecedence(problem);
  }

  copy(): Kept {
    return { sequences: this.sequences.map((one) => [...one]), costs: this.costs.slice(), cost: this.cost };
  }

  restore({ sequences, costs, cost }: Kept): void {
    this.sequences = sequences.map((one) => [...one]);
    this.costs = costs.slice();
    this.cost = cost;
  }

  /** Those of these tasks that leave the same models in memory as one of them. */
  alike(task: number, tasks: readonly number[]): number[] {
    const { leaves } = this.problem;
    return tasks.filter((other) => leaves[other] === leaves[task]);
  }

  remove(task: number): void {
    const card = this.sequences.findIndex((sequence) => sequence.includes(task));
    const sequence = this.sequences[card];
    if (sequence === undefined) return;
    sequence.splice(sequence.indexOf(task), 1);
    this.recount(card);
  }

  /**
   * Puts a task where it costs least: of equally good places the last one on the first such card. False where there is
   * no place for it, because what waits for it stands too far ahead.
   */
  insertBest(task: number): boolean {
    let best = { card: -1, place: 0, cost: Infinity };
    for (let card = 0; card < this.problem.cards; card++) {
      if (this.problem.run[card * this.problem.tasks + task] === Infinity) continue;
      const sequence = this.sequences[card] as number[];
      for (let place = sequence.length; place >= 0; place--) {
        const cost = this.costWith(card, place, task, sequence);
        if (cost < best.cost * certainly) best = { card, place, cost };
      }
    }
    if (best.card < 0) return false;
    this.sequences[best.card]?.splice(best.place, 0, task);
    this.recount(best.card);
    return true;
  }

  private costWith(card: number, place: number, task: number, sequence: number[]): number {
    this.tried++;
    sequence.splice(place, 0, task);
    const cost = this.isTied ? costWithPrecedence(this.problem, this.sequences) : this.totalWith(card, sequence);
    sequence.splice(place, 1);
    return cost;
  }

  private totalWith(card: number, sequence: readonly number[]): number {
    return this.total(card, costOfCard(this.problem, card, sequence));
  }

  private recount(card: number): void {
    if (this.isTied) {
      this.cost = costWithPrecedence(this.problem, this.sequences);
      return;
    }
    this.costs[card] = costOfCard(this.problem, card, this.sequences[card] ?? []);
    this.cost = this.total(card, this.costs[card] as number);
  }

  /** All costs, with this one of one card. */
  private total(card: number, own: number): number {
    let sum = own;
    let most = own;
    for (let other = 0; other < this.costs.length; other++) {
      if (other === card) continue;
      const cost = this.costs[other] as number;
      sum += cost;
      if (cost > most) most = cost;
    }
    return this.problem.objective === 'flow' ? sum : most + otherEnds * sum;
  }
}
