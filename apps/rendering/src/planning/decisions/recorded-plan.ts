import type { Waiting } from '../eligibility';
import type { Assignment, PlacementReason, Plan, PlanFacts } from '../plan-facts';
import { plan, plannerVersion } from '../planner';
import { actionsOf, type Actions, type Standing } from './actions';
import { FactsRecorder, type RecordedFacts } from './recorded-facts';

/** Where a plan has a task; seconds from the decision, to the millisecond. */
export interface PlacedTask {
  taskId: string;
  gpu: string;
  startIn: number;
  finishIn: number;
  reason: PlacementReason;
}

/** What came of a plan. */
export interface Outcome {
  /** Of the searched part, in weighted seconds, to the thousandth. */
  cost: number;
  placements: PlacedTask[];
  actions: Actions;
}

/** What a card would have made of a task. */
export interface CardOffer {
  gpu: string;
  takesIt: boolean;
  /** Why it could not take it, or was not free then; null where it could have started it. */
  reason: string | null;
  /** Seconds from the decision until the task would be ready there, were it the next one; null where nobody knows. */
  readyIn: number | null;
  /** Soft cost in seconds; null where it does not take it. */
  penaltySeconds: number | null;
}

/** A plan as it is kept: enough to make it again, and what is told of it. */
export interface DecisionRecord {
  /** Which shape this has; see `recordFormat`. */
  format: number;
  plannerVersion: number;
  facts: RecordedFacts;
  standing: Standing;
  outcome: Outcome;
  /** Tasks that an idle card could have started and was not given. */
  keptBack: readonly string[];
  /** By task that something was done with, or that an idle card was not given: what each card made of it. */
  offers: Record<string, CardOffer[]>;
}

/** Goes up with each change of `DecisionRecord` that older records do not have. */
export const recordFormat = 1;

/** Tasks of which it is told that an idle card was not given them. */
const maxKeptBack = 16;

const thousandth = (value: number): number => Math.round(value * 1_000) / 1_000;

/** What came of a plan, in short. */
export const outcomeOf = <Task extends Waiting>(found: Plan<Task>, standing: Standing): Outcome => ({
  cost: thousandth(found.cost),
  placements: found.placements.map(({ task, span, reason }) => ({
    taskId: task.taskId,
    gpu: span.gpu,
    startIn: thousandth(span.startIn),
    finishIn: thousandth(span.finishIn),
    reason,
  })),
  actions: actionsOf(found, standing),
});

/** One plan, with all that it takes to make it again. */
export class RecordedPlan<Task extends Waiting> {
  readonly actions: Actions;
  /**
   * The first tasks that an idle card could start and is not given, because they are done sooner where the plan has
   * them.
   */
  readonly keptBack: readonly Assignment[];
  private readonly found: Plan<Task>;
  private readonly recorder: FactsRecorder<Task>;

  constructor(
    facts: PlanFacts<Task>,
    private readonly standing: Standing,
  ) {
    this.recorder = new FactsRecorder(facts);
    this.found = plan(this.recorder.facts);
    this.actions = actionsOf(this.found, standing);
    this.keptBack = keptBackIn(this.found, this.actions, standing);
  }

  /** Cards that something could have been started on. */
  get idleCards(): ReadonlySet<string> {
    return new Set(idleIn(this.found.facts).map(({ name }) => name));
  }

  /** What it is kept as. `offersFor` says what each card makes of a task. */
  toRecord(offersFor: (task: Task) => CardOffer[]): DecisionRecord {
    const { start, ahead, back } = this.actions;
    const about = new Set([...start, ...ahead, ...back, ...this.keptBack].map(({ taskId }) => taskId));
    const offers = this.found.facts.waiting
      .filter(({ taskId }) => about.has(taskId))
      .map((task) => [task.taskId, offersFor(task)] as const);
    return {
      format: recordFormat,
      plannerVersion,
      facts: this.recorder.record(),
      standing: this.standing,
      outcome: outcomeOf(this.found, this.standing),
      keptBack: this.keptBack.map(({ taskId }) => taskId),
      offers: Object.fromEntries(offers),
    };
  }
}

const idleIn = <Task extends Waiting>({ cards, busy }: PlanFacts<Task>) =>
  cards.filter(({ name, isIdle, foreignPrompts }) => isIdle && foreignPrompts === 0 && !busy.has(name));

/** Cards that were left idle on purpose say so by the tasks that they could have started. */
function keptBackIn<Task extends Waiting>(
  { facts, placements }: Plan<Task>,
  { start, ahead }: Actions,
  { sentAhead }: Standing,
): Assignment[] {
  const { fits, earliest } = facts;
  const heads = new Set(placements.filter(({ isHead }) => isHead).map(({ span }) => span.gpu));
  const left = idleIn(facts).filter(({ name }) => !heads.has(name));
  if (left.length === 0) return [];
  const given = new Set([...start, ...ahead, ...sentAhead].map(({ taskId }) => taskId));
  const couldStart = (task: Task): boolean =>
    left.some((card) => fits?.(card, task) === true && (earliest?.(task, card.name) ?? 0) <= 0);
  return placements
    .filter(({ task }) => !given.has(task.taskId) && couldStart(task))
    .slice(0, maxKeptBack)
    .map(({ task, span }) => ({ taskId: task.taskId, jobId: task.jobId, gpu: span.gpu }));
}
