import type { Card } from '../cards/card';
import type { Availability } from './availability';
import type { Candidate } from './candidates';
import type { Waiting } from './eligibility';
import { p80Of } from './estimates/estimate';
import type { LoadEstimate, PlanFacts } from './plan-facts';
import type { SequencingProblem } from './sequencing/problem';

/** Seconds; between cards that are equally good the one that prefers the work decides, then the configuration. */
const ties = { disliked: 1e-3, position: 1e-6 };

const tieOf = ({ prefers, position }: Card, { work }: Waiting): number =>
  (prefers.includes(work) ? 0 : ties.disliked) + position * ties.position;

const nothing: LoadEstimate = { seconds: 0, low: 0, high: 0, p80: 0 };

/** What a task has to load on a card that holds these models. */
export const loadOf = <Task extends Waiting>(
  { load }: PlanFacts<Task>,
  task: Task,
  gpu: string,
  resident: readonly string[],
): LoadEstimate => load?.(task, gpu, resident) ?? nothing;

/** The models that are in memory after a task; one whose models are not known leaves what was there. */
export const residentAfter = ({ models }: Waiting, before: readonly string[]): readonly string[] => models ?? before;

/** The facts of these tasks and cards as numbers. */
export class ExactProblem<Task extends Waiting> {
  readonly problem: SequencingProblem;
  private readonly sets: (readonly string[])[] = [];
  private readonly setIndices = new Map<string, number>();

  constructor(
    private readonly facts: PlanFacts<Task>,
    readonly cards: readonly Card[],
    /** As long as the cards. */
    free: readonly Availability[],
    readonly candidates: readonly Candidate<Task>[],
  ) {
    const held = cards.map((card) => this.setIndex(facts.resident?.get(card.name) ?? []));
    const leaves = candidates.map(({ task }) => this.setIndex(task.models ?? []));
    const count = candidates.length;
    const byPair = (value: (card: Card, candidate: Candidate<Task>, index: number) => number): Float64Array =>
      Float64Array.from({ length: cards.length * count }, (_, pair) => {
        const index = Math.floor(pair / count);
        return value(cards[index] as Card, candidates[pair % count] as Candidate<Task>, index);
      });
    this.problem = {
      cards: cards.length,
      tasks: count,
      free: Float64Array.from(free, ({ seconds }) => seconds),
      held: Int32Array.from(held),
      sets: this.sets.length,
      leaves: Int32Array.from(leaves),
      ...this.setups(leaves),
      run: byPair((_, { estimates }, index) => this.at(estimates, index)?.seconds ?? Infinity),
      lateRun: byPair((_, { estimates }, index) => {
        const estimate = this.at(estimates, index);
        return estimate === undefined ? Infinity : p80Of(estimate);
      }),
      cost: byPair((card, { task }) => (facts.cost?.(task, card.name) ?? 0) + tieOf(card, task)),
      release: byPair(({ name }, { task }) => facts.earliest?.(task, name) ?? 0),
      weight: Float64Array.from(candidates, ({ weight }) => weight),
      waited: Float64Array.from(candidates, ({ waited }) => waited),
      deadline: Float64Array.from(candidates, ({ task }) => task.deadlineIn ?? Infinity),
      startsAfter: this.startsAfter(),
      endsAfter: this.endsAfter(),
      objective: facts.objective ?? 'flow',
    };
  }

  /** Estimates are by position among the facts' cards, of which these may be some. */
  at<Value>(byCard: readonly Value[], index: number): Value | undefined {
    const card = this.cards[index];
    return card === undefined ? undefined : byCard[this.facts.cards.indexOf(card)];
  }

  private setIndex(models: readonly string[]): number {
    const key = [...models].sort().join('\n');
    const known = this.setIndices.get(key);
    if (known !== undefined) return known;
    this.sets.push(models);
    this.setIndices.set(key, this.sets.length - 1);
    return this.sets.length - 1;
  }

  /** What the first task of each set has to load from each other one; those of a set load the same. */
  private setups(leaves: readonly number[]): Pick<SequencingProblem, 'setup' | 'lateSetup'> {
    const { length: count } = this.sets;
    const setup = new Float64Array(this.cards.length * count * count);
    const lateSetup = new Float64Array(setup.length);
    const firsts = new Map([...leaves.entries()].reverse().map(([task, set]) => [set, task]));
    for (const [card, { name }] of this.cards.entries())
      for (const [from, resident] of this.sets.entries())
        for (const [to, first] of firsts) {
          const task = this.candidates[first]?.task;
          if (task?.models === undefined || from === to) continue;
          const { seconds, p80 } = loadOf(this.facts, task, name, resident);
          setup[(card * count + from) * count + to] = seconds;
          lateSetup[(card * count + from) * count + to] = p80;
        }
    return { setup, lateSetup };
  }

  /** A job that was put before another by hand: its tasks start first, as far as they are of one rank. */
  private startsAfter(): number[][] {
    return this.candidates.map(({ task, weight }) =>
      (task.behind ?? []).flatMap((jobId) =>
        this.candidates.flatMap((first, index) =>
          first.task.jobId === jobId && first.weight === weight ? [index] : [],
        ),
      ),
    );
  }

  private endsAfter(): number[][] {
    return this.candidates.map(({ task }) =>
      (task.needs ?? []).flatMap((taskId) => {
        const index = this.candidates.findIndex((first) => first.task.taskId === taskId);
        return index < 0 ? [] : [index];
      }),
    );
  }
}
