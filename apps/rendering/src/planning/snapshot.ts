import { cardOf, standstillText, type Card } from '../cards/card';
import type { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import type { Catalogue } from '../workflows/catalogue';
import type { RequirementsCache } from '../workflows/compatibility/requirements-cache';
import type { Workflow } from '../workflows/template/workflow-file';
import { cardCost } from './card-cost';
import { asSeenBy, earliestStart, ineligibility } from './eligibility';
import { CardTimes, type Remaining } from './card-times';
import { p80Of, type AttemptEstimate, type Work } from './estimates/estimate';
import type { LearntTimes } from './estimates/learnt-times';
import { SettlingTimes, type SettlingTime } from './estimates/settling-times';
import { behindByHand, orderByHand } from './hand-order';
import { decide, type Decision, type GivenCards } from './decision';
import { offersOf } from './decisions/offers';
import type { DecisionRecord, RecordedPlan } from './decisions/recorded-plan';
import type { LoadEstimate, Placement, Plan, PlanFacts, Span } from './plan-facts';
import { plan, spanAfter, spans, spansWith } from './planner';
import { comparePlaces } from './line-marks';
import { neededMb, type MemoryNeed } from './memory/memory-need';
import type { LatestAttempt, PlaceInLine, SentAheadRow, WaitingRow } from './queue.queries';
import { unsteered, type Steering } from './steering.queries';
import { streaksOf } from './streaks';
import {
  asksItself,
  hopelessnessOf,
  memoryWorkOfRow,
  priorMbOfRow,
  toWaiting,
  type HopelessTask,
  type WaitingTask,
} from './waiting-task';

export interface SnapshotFacts {
  gpus: readonly Gpu[];
  live: readonly Attempt[];
  /** By attempt. */
  works: ReadonlyMap<string, Work>;
  /** Tasks that wait, in the order in which they are served; the first of each kind with its parameters. */
  rows: readonly (WaitingRow & PlaceInLine)[];
  /** Whether more tasks wait than these. */
  more: boolean;
  needs: readonly MemoryNeed[];
  times: Pick<LearntTimes, 'estimate'>;
  workflows: Catalogue;
  /** What is known of the graphs of waiting tasks, and learnt on the way. */
  requirements: RequirementsCache;
  now: Date;
  /** Why nothing new is started for the time being, whatever the cards do; undefined when nothing stands in the way. */
  pause: string | undefined;
  /** What people decided by hand; absent: nothing. */
  steering?: Steering;
  /** What results take after their cards; absent: nothing is known. */
  settling?: SettlingTimes;
  /** Tasks that were sent to a card that works on something else, and had not begun when this was asked for. */
  sentAhead?: readonly SentAheadRow[];
  /** What each card did last, newest first; absent: not known. */
  latest?: readonly LatestAttempt[];
}

/** A place in line: so many tasks are served before; by this card, or, where none can take the task now, by whichever. */
export interface Place {
  count: number;
  gpu?: string;
}

/** A plan, read in every way that is asked for. */
interface WholePlan {
  plan: Plan<WaitingTask>;
  spans: ReadonlyMap<string, Span>;
  places: ReadonlyMap<string, Place>;
}

/** Whether somebody asked for it, rather than that it measures a card. */
const isWished = ({ isCalibration }: WaitingTask): boolean => !isCalibration;

const noneKnown = new SettlingTimes();
const nothingToLoad: LoadEstimate = { seconds: 0, low: 0, high: 0, p80: 0 };

/** What a card that holds these has to load for a task. */
const missingIn = ({ models = [] }: Pick<WaitingTask, 'models'>, resident: readonly string[]): string[] =>
  models.filter((key) => !resident.includes(key));

/**
 * Cards, running attempts, waiting tasks and measurements at one moment: what estimates and explanations are made
 * from.
 */
export class Snapshot {
  readonly gpus: readonly Gpu[];
  readonly live: readonly Attempt[];
  /** Why nothing new is started, whatever the cards do: a full disk, or a person; undefined when nothing does. */
  readonly pause: string | undefined;
  /** Why nothing can be kept, so that finished results wait too; undefined while there is room. */
  readonly storageTrouble: string | undefined;
  readonly cards: Card[];
  /** In the order in which they are served. */
  readonly waiting: readonly WaitingTask[];
  /** Tasks that wait in vain on whatever card. */
  readonly hopeless: HopelessTask[];
  /** Tasks of one kind are alike in all that decides which cards can take them. */
  private readonly kinds = new Map<string, WaitingTask>();
  private readonly fitting = new Map<string, boolean>();
  private readonly times: CardTimes;
  /** Jobs that are not started before others by hand, whether or not they are among these. */
  private readonly behind: ReadonlyMap<string, readonly string[]>;
  private readonly places: ReadonlyMap<string, number>;
  private made: WholePlan | undefined;

  constructor(private readonly facts: SnapshotFacts) {
    const { gpus, live, rows, steering = unsteered } = facts;
    this.gpus = gpus;
    this.live = live;
    const { paused } = steering;
    this.storageTrouble = facts.pause;
    this.pause = facts.pause ?? (paused ? `the queue is paused by ${standstillText(paused)}` : undefined);
    this.cards = gpus.map((gpu) => cardOf(gpu, steering.claims.get(gpu.name)));
    this.behind = behindByHand(steering.orders);
    this.times = new CardTimes(facts);
    this.hopeless = rows.flatMap((row) => hopelessnessOf(row, facts) ?? []);
    const lost = new Set(this.hopeless.map((task) => task.taskId));
    const line = rows.filter((row) => !lost.has(row.task_id)).map((row) => this.see(row));
    this.waiting = orderByHand(line, steering.orders);
    this.places = new Map(this.waiting.map((task, index) => [task.taskId, index]));
  }

  /** The row as a task that these cards could take. */
  see(row: WaitingRow & { created_at?: Date }): WaitingTask {
    const behind = this.behind.get(row.job_id);
    const task = { ...toWaiting(row, this.facts), ...(behind === undefined ? {} : { behind }) };
    const alike = asksItself(row) ? undefined : this.kinds.get(row.kind);
    if (alike)
      return {
        ...task,
        requires: alike.requires,
        ...(alike.models === undefined ? {} : { models: alike.models }),
        needsMb: alike.needsMb ?? null,
        priorMb: alike.priorMb ?? null,
        pinnedGpu: alike.pinnedGpu,
      };
    const seen = asSeenBy(this.cards, {
      ...task,
      priorMb: task.requires?.fault === undefined ? priorMbOfRow(row, this.facts.workflows) : null,
      needsMb: neededMb(this.facts.needs, memoryWorkOfRow(row, this.facts.workflows)),
    });
    this.kinds.set(row.kind, seen);
    return seen;
  }

  /** Whether there is a template of this name. */
  knows(workflow: string): boolean {
    return this.facts.workflows.find(workflow) !== undefined;
  }

  /** Whether tasks of this kind were seen, so that a row without its parts says enough. */
  knowsKind(kind: string): boolean {
    return this.kinds.has(kind);
  }

  /** Whether a card that answers can take it. */
  isTakenBySomeCard(task: WaitingTask): boolean {
    return this.cards.some((card) => this.fits(card, task));
  }

  /**
   * Whether as many tasks as there are cards wait for each of these cards and could start there now: then none of them
   * lacks a choice.
   */
  hasChoicesFor(gpus: readonly string[]): boolean {
    return this.cards
      .filter(({ name }) => gpus.includes(name))
      .every((card) => this.waiting.filter((task) => this.couldStart(card, task)).length >= gpus.length);
  }

  private couldStart(card: Card, task: WaitingTask): boolean {
    return isWished(task) && this.fits(card, task) && earliestStart(card, task) === 0 && !this.isBehindAny(task);
  }

  /** Keys of the model files that a card holds, as far as is known. */
  residentOn(gpu: string): readonly string[] {
    return this.cards.find(({ name }) => name === gpu)?.resident ?? [];
  }

  /** What this work takes there when the card is free, with what it has to load then; see `CardTimes`. */
  estimate(work: Work & Pick<WaitingTask, 'models'>, gpu: string): AttemptEstimate {
    return this.times.estimate(work, gpu, missingIn(work, this.residentWhenFree(gpu)));
  }

  /** What a result takes from its end on a card until its task is over. */
  settlingOf(workflow: string, checked: boolean): SettlingTime {
    return (this.facts.settling ?? noneKnown).of(workflow, checked);
  }

  /** What a running attempt still needs. `work` is needed where the attempt may have begun after this was read. */
  remainingOf(attempt: Attempt, work?: Work, now = this.facts.now): Remaining {
    return this.times.remainingOf(attempt, work, now);
  }

  /** The attempt of a task that a card works on, where this was read after the task was given out. */
  liveOf(taskId: string): Attempt | undefined {
    return this.live.find((attempt) => attempt.taskId === taskId);
  }

  /** Those of these cards that nothing was given to meanwhile. */
  unbooked(names: readonly string[]): string[] {
    return names.filter((name) => this.liveOn(name) === 0);
  }

  /** Those of these cards that work on something, with nothing behind it. */
  withRoom(names: readonly string[]): string[] {
    return names.filter((name) => this.liveOn(name) === 1);
  }

  private liveOn(gpu: string): number {
    return this.live.filter((attempt) => attempt.gpu === gpu).length;
  }

  /** What these cards are given now; see `decide`. */
  decide(given: GivenCards): Decision {
    return decide(given, {
      pause: this.pause,
      cards: this.cards,
      waiting: this.waiting.filter((task) => this.mayBegin(task)),
      rows: this.facts.rows,
      live: this.live,
      sentAhead: (this.facts.sentAhead ?? []).map((row) => ({ row, task: this.see(row) })),
      fits: (card, task) => this.fits(card, task),
      mayBegin: (task) => this.mayBegin(task),
      planFacts: (live) => this.planFacts(live),
    });
  }

  /** A task that others go before by hand waits until these have started. */
  private mayBegin(task: WaitingTask): boolean {
    return !this.isBehindAny(task) && (isWished(task) || this.mayBeMeasured(task.onlyGpu));
  }

  /** A plan as it is kept, with what each card made of what it is about. */
  recordOf(planned: RecordedPlan<WaitingTask>): DecisionRecord {
    const facts = this.planFacts();
    return planned.toRecord((task) => offersOf(facts, task, planned.idleCards));
  }

  /** What measures a card begins only when nothing that somebody asked for waits for that card. */
  private mayBeMeasured(gpu: string | undefined): boolean {
    const card = this.cards.find(({ name }) => name === gpu);
    return card !== undefined && !this.waiting.some((task) => isWished(task) && this.fits(card, task));
  }

  /** What the plan has on a card after what runs there, in its order; nothing while nothing new is started. */
  sequenceOf(gpu: string, now = this.facts.now): Pick<Placement<WaitingTask>, 'task' | 'span'>[] {
    if (this.pause !== undefined) return [];
    return this.sequenceOn(gpu).map((placement) => ({
      ...placement,
      span: spanAfter(placement.span, this.ageAt(now)),
    }));
  }

  /** The work of a live attempt; undefined where it began after this was read. */
  workOf(attempt: Attempt): Work | undefined {
    return this.facts.works.get(attempt.id);
  }

  /** Whether a job goes before it that has not started and that some card can take. */
  private isBehindAny({ behind = [] }: WaitingTask): boolean {
    return behind.some((jobId) => {
      const first = this.waiting.find((task) => task.jobId === jobId);
      return first === undefined || this.isTakenBySomeCard(first);
    });
  }

  /**
   * Where and when the plan has a waiting task; undefined where no card can take it, or further back than this looks.
   */
  spanOf(taskId: string, now = this.facts.now): Span | undefined {
    const span = this.wholePlan().spans.get(taskId);
    return span && spanAfter(span, this.ageAt(now));
  }

  /** A waiting task as it was read; undefined when it does not wait, or further back than this looks. */
  taskOf(taskId: string): WaitingTask | undefined {
    const place = this.places.get(taskId);
    return place === undefined ? undefined : this.waiting[place];
  }

  /** What the plan has this card do, one after the other. */
  sequenceOn(gpu: string): readonly Pick<Placement<WaitingTask>, 'task' | 'span'>[] {
    return inOrderOfStart(this.wholePlan().plan.sequences.get(gpu) ?? []);
  }

  /**
   * When each task would start and end if something were otherwise: other tasks in line, by rank and then in their
   * order, other cards, or a card that takes what it does not take now.
   */
  spansIf({
    tasks = this.waiting,
    cards = this.cards,
    fits = (card, task) => ineligibility(card, task) === undefined,
  }: {
    tasks?: readonly WaitingTask[];
    cards?: readonly Card[];
    fits?: (card: Card, task: WaitingTask) => boolean;
  }): Map<string, Span> {
    const waiting = [...tasks].sort((a, b) => a.rank - b.rank);
    return spans(plan({ ...this.planFacts(), waiting, cards, fits }));
  }

  /** The template of this name, as it is now. */
  templateOf(workflow: string): Workflow | undefined {
    return this.facts.workflows.find(workflow);
  }

  /** Whether the end of the line of this rank is further back than the forecast looks. */
  isBeyondForecast(rank: number): boolean {
    const last = this.waiting.at(-1);
    return this.facts.more && (last === undefined || last.rank <= rank);
  }

  /**
   * What the plan would have for these tasks at the end of the line of their rank, as far as it looks; those that no
   * card can take are left out.
   */
  spansBehind(rank: number, tasks: readonly WaitingTask[], now = this.facts.now): Span[] {
    const place = this.waiting.filter((task) => task.rank <= rank).length;
    return spansWith(this.wholePlan().plan, tasks, place).map((span) => spanAfter(span, this.ageAt(now)));
  }

  /** Seconds until the plan has so many tasks leave the line; undefined where it does not say. */
  roomIn(tasks: number, now = this.facts.now): number | undefined {
    const starts = [...this.wholePlan().spans.values()].flatMap((span) =>
      span.unknown === undefined ? [spanAfter(span, this.ageAt(now)).startIn] : [],
    );
    return this.pause === undefined ? starts.sort((a, b) => a - b)[tasks - 1] : undefined;
  }

  /**
   * Where a waiting task stands: what the plan starts before it on the card that it is planned for. Of one that no card
   * can take now, its place by rank and age. Undefined when it does not wait, or further back than this looks.
   */
  placeOf(taskId: string): Place | undefined {
    const count = this.places.get(taskId);
    return count === undefined ? undefined : (this.wholePlan().places.get(taskId) ?? { count });
  }

  /** How many tasks stand before this one by rank and age; undefined as above. */
  ahead(taskId: string): number | undefined {
    return this.places.get(taskId);
  }

  /** Whether what waits at this place is near enough to be among what was read here. */
  covers(place: PlaceInLine): boolean {
    const last = this.facts.rows.at(-1);
    return !this.facts.more || (last !== undefined && comparePlaces(place, last) <= 0);
  }

  /** Whether a waiting task should be among what was read here and is not: then it came later. */
  mayMiss(taskId: string, place: PlaceInLine): boolean {
    return this.covers(place) && !this.facts.rows.some((row) => row.task_id === taskId);
  }

  /** Seconds since this was read. */
  private ageAt(now: Date): number {
    return (now.getTime() - this.facts.now.getTime()) / 1000;
  }

  /** Itself, with its plan made. */
  planned(): this {
    this.wholePlan();
    return this;
  }

  private wholePlan(): WholePlan {
    if (this.made === undefined) {
      const whole = plan(this.planFacts());
      this.made = { plan: whole, spans: spans(whole), places: placesIn(whole) };
    }
    return this.made;
  }

  /** `live`: what runs, in the order of the slots, so that what a card does last says when it is free. */
  private planFacts(live: readonly Attempt[] = this.live): PlanFacts<WaitingTask> {
    return {
      cards: this.cards,
      busy: new Map(live.map((attempt) => [attempt.gpu, this.remainingOf(attempt)])),
      waiting: this.waiting,
      estimate: (task, gpu) => this.times.estimate(task, gpu),
      load: (task, gpu, resident) => this.loadOf(task, gpu, resident),
      resident: new Map(this.cards.map(({ name }) => [name, this.residentWhenFree(name, live)])),
      streaks: this.streaksOfCards(live),
      fits: (card, task) => this.fits(card, task),
      cost: (task, gpu) => this.costOf(task, gpu),
      earliest: (task, gpu) => this.earliestOn(task, gpu),
    };
  }

  /** Without attempts that are not among `live` and are not over: they are planned as if they had not been sent. */
  private streaksOfCards(live: readonly Attempt[]): ReadonlyMap<string, number> {
    const unsent = new Set(this.live.filter((attempt) => !live.includes(attempt)).map(({ id }) => id));
    const latest = (this.facts.latest ?? []).filter(({ id }) => !unsent.has(id));
    const fits = (card: Card, task: WaitingTask): boolean => this.fits(card, task);
    return streaksOf(latest, this.cards, { waiting: this.waiting, fits, now: this.facts.now });
  }

  /** What a card holds when it is done with what runs there. */
  residentWhenFree(gpu: string, live: readonly Attempt[] = this.live): readonly string[] {
    const last = live.findLast((attempt) => attempt.gpu === gpu && attempt.models.length > 0);
    return last?.models ?? this.residentOn(gpu);
  }

  /** What a cold attempt takes longer than a warm one. */
  private loadOf(task: WaitingTask, gpu: string, resident: readonly string[]): LoadEstimate {
    const missing = missingIn(task, resident);
    if (missing.length === 0) return nothingToLoad;
    const [cold, warm] = [this.times.estimate(task, gpu, missing), this.times.estimate(task, gpu)];
    const longer = (a: number, b: number): number => Math.max(0, a - b);
    return {
      seconds: longer(cold.seconds, warm.seconds),
      low: longer(cold.low, warm.low),
      high: longer(cold.high, warm.high),
      p80: longer(p80Of(cold), p80Of(warm)),
    };
  }

  private costOf(task: WaitingTask, gpu: string): number {
    const card = this.cards.find(({ name }) => name === gpu);
    return card === undefined ? 0 : cardCost(card, task, this.times.estimate(task, gpu).seconds);
  }

  private earliestOn(task: WaitingTask, gpu: string): number {
    const card = this.cards.find(({ name }) => name === gpu);
    return card === undefined ? 0 : earliestStart(card, task);
  }

  private fits(card: Card, task: WaitingTask): boolean {
    const key = `${card.name}/${task.kind}`;
    const known = this.fitting.get(key);
    if (known !== undefined) return known;
    const fits = ineligibility(card, task) === undefined;
    if (task.kind !== '') this.fitting.set(key, fits);
    return fits;
  }
}

/** By task: its place in the order in which its card starts. */
const placesIn = ({ sequences }: Plan<WaitingTask>): ReadonlyMap<string, Place> =>
  new Map(
    [...sequences].flatMap(([gpu, sequence]) =>
      inOrderOfStart(sequence).map(({ task }, count): [string, Place] => [task.taskId, { gpu, count }]),
    ),
  );

const inOrderOfStart = <One extends { span: Span }>(sequence: readonly One[]): One[] =>
  [...sequence].sort((a, b) => a.span.startIn - b.span.startIn);
