import type { JobError } from '@tower/contracts';
import { cardOf, type Card } from '../cards/card';
import type { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import { pinnedTo } from '../jobs/pinned-card';
import type { Catalogue } from '../workflows/catalogue';
import type { Requirements } from '../workflows/compatibility/requirements';
import { RequirementsCache } from '../workflows/compatibility/requirements-cache';
import { noChanges } from '../workflows/composition';
import type { Workflow } from '../workflows/template/workflow-file';
import { promisedResult } from '../workflows/values/planned-values';
import { classesOf } from '../workflows/values/resolve-values';
import { asSeenBy, ineligibility, type Waiting } from './eligibility';
import { CardTimes, type Remaining } from './card-times';
import type { AttemptEstimate, Work } from './estimates/estimate';
import type { SampleCache } from './estimates/sample-cache';
import {
  assignments,
  plan,
  spans,
  spansBehind,
  type Assignment,
  type Plan,
  type PlanFacts,
  type Span,
} from './planner';
import { comparePlaces } from './line-marks';
import { neededMb, type MemoryNeed, type VramWork } from './memory/memory-need';
import { workOf } from './work-size';
import type { PlaceInLine, WaitingRow } from './queue.queries';

export type WaitingTask = Waiting & Work & { rank: number; kind: string };

/** A waiting task that no card can ever take, and why. */
export interface HopelessTask {
  taskId: string;
  jobId: string;
  error: JobError;
}

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
  samples: Pick<SampleCache, 'of'>;
  workflows: Catalogue;
  now: Date;
  /** Why nothing new is started for the time being, whatever the cards do; undefined when nothing stands in the way. */
  pause: string | undefined;
}

/**
 * Cards, running attempts, waiting tasks and measurements at one moment: what estimates and explanations are made
 * from.
 */
export class Snapshot {
  readonly gpus: readonly Gpu[];
  readonly live: readonly Attempt[];
  readonly pause: string | undefined;
  readonly cards: Card[];
  readonly waiting: WaitingTask[];
  /** Tasks that wait in vain on whatever card. */
  readonly hopeless: HopelessTask[];
  /** Tasks of one kind are alike in all that decides which cards can take them. */
  private readonly kinds = new Map<string, WaitingTask>();
  private readonly fitting = new Map<string, boolean>();
  private readonly times: CardTimes;
  private readonly places: ReadonlyMap<string, number>;
  private planned: { plan: Plan<WaitingTask>; spans: ReadonlyMap<string, Span> } | undefined;

  constructor(private readonly facts: SnapshotFacts) {
    const { gpus, live, rows, workflows } = facts;
    this.gpus = gpus;
    this.live = live;
    this.pause = facts.pause;
    this.cards = gpus.map(cardOf);
    this.times = new CardTimes(facts);
    this.hopeless = rows.flatMap((row) => hopelessnessOf(row, workflows) ?? []);
    const lost = new Set(this.hopeless.map((task) => task.taskId));
    this.waiting = rows.filter((row) => !lost.has(row.task_id)).map((row) => this.see(row));
    this.places = new Map(this.waiting.map((task, index) => [task.taskId, index]));
  }

  /** The row as a task that these cards could take. */
  see(row: WaitingRow): WaitingTask {
    const task = toWaiting(row, this.facts.workflows);
    const alike = asksItself(row) ? undefined : this.kinds.get(row.kind);
    if (alike) return { ...task, requires: alike.requires, needsMb: alike.needsMb ?? null, pinnedGpu: alike.pinnedGpu };
    const seen = asSeenBy(this.cards, {
      ...task,
      needsMb: neededMb(this.facts.needs, workOfRow(row, this.facts.workflows)),
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

  /** What this work takes there; see `CardTimes`. */
  estimate(work: Work, gpu: string): AttemptEstimate {
    return this.times.estimate(work, gpu);
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
    const booked = new Set(this.live.map((attempt) => attempt.gpu));
    return names.filter((name) => !booked.has(name));
  }

  /** What these cards, which are idle whatever was read of them, start now. */
  assignments(idle: readonly string[]): Assignment[] {
    const cards = this.cards
      .filter(({ name }) => idle.includes(name))
      .map((card) => ({ ...card, isIdle: true, foreignPrompts: 0 }));
    return assignments(plan({ ...this.planFacts(), cards, busy: new Map() }, 0));
  }

  /** Where and when the plan has a waiting task; undefined where no card can take it, or further back than this looks. */
  spanOf(taskId: string): Span | undefined {
    return this.wholePlan().spans.get(taskId);
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
  spansBehind(rank: number, tasks: readonly WaitingTask[]): Span[] {
    return spansBehind(this.wholePlan().plan, (task) => task.rank <= rank, tasks);
  }

  /** How many tasks are served before this one; undefined when it does not wait, or further back than this looks. */
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

  private wholePlan(): { plan: Plan<WaitingTask>; spans: ReadonlyMap<string, Span> } {
    if (this.planned === undefined) {
      const whole = plan(this.planFacts());
      this.planned = { plan: whole, spans: spans(whole) };
    }
    return this.planned;
  }

  private planFacts(): PlanFacts<WaitingTask> {
    return {
      cards: this.cards,
      busy: new Map(this.live.map((attempt) => [attempt.gpu, this.remainingOf(attempt)])),
      waiting: this.waiting,
      estimate: (task, gpu) => this.estimate(task, gpu),
      fits: (card, task) => this.fits(card, task),
    };
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

/** Whether the row says itself what its graph is made from. */
const asksItself = (row: WaitingRow): boolean => (row.parameters ?? null) !== null && (row.parts ?? null) !== null;

const requirements = new RequirementsCache();

/** Undefined for a task whose parameters were not asked for. */
const requirementsOfRow = (workflow: Workflow, { parameters, parts, plan }: WaitingRow): Requirements | undefined =>
  parameters && parts ? requirements.of(workflow, { values: parameters, parts, plan: plan ?? noChanges }) : undefined;

/** The template was removed or changed under a waiting task, or what recovery planned does not fit it. */
function hopelessnessOf(row: WaitingRow, workflows: Catalogue): HopelessTask | undefined {
  const of = { taskId: row.task_id, jobId: row.job_id };
  const workflow = workflows.find(row.workflow);
  if (workflow === undefined)
    return {
      ...of,
      error: {
        code: 'workflow_gone',
        message: `workflow ${row.workflow} is no longer among the templates`,
        hint: 'Put the template back and ask again, or ask for another workflow; GET /workflows lists them.',
      },
    };
  const fault = requirementsOfRow(workflow, row)?.fault;
  if (fault === undefined) return undefined;
  return {
    ...of,
    error: {
      code: 'workflow_makes_no_graph',
      message: `workflow ${row.workflow} makes no graph of this job: ${fault}`,
      hint: 'The template was changed since the job was accepted, or has a fault; ask again, or mend it in workflows/.',
    },
  };
}

const classes = new WeakMap<Workflow, string[]>();

/** Looked up a thousand times for every look at the queue. */
function knownClassesOf(workflow: Workflow): string[] {
  const known = classes.get(workflow) ?? classesOf(workflow);
  classes.set(workflow, known);
  return known;
}

export function toWaiting(row: WaitingRow, workflows: Catalogue): WaitingTask {
  const workflow = workflows.get(row.workflow);
  const plan = row.plan ?? noChanges;
  // What recovery made smaller takes less time.
  const {
    width,
    height,
    frames = 1,
  } = plan.steps.length > 0 && row.parameters ? promisedResult(workflow, row.parameters, plan) : row;
  return {
    taskId: row.task_id,
    jobId: row.job_id,
    work: workflow.file.work,
    modelName: row.model_name,
    classes: knownClassesOf(workflow),
    excludedGpus: row.excluded_gpus,
    pinnedGpu: pinnedTo(row.recovery ?? []),
    requires: requirementsOfRow(workflow, row),
    workflow: row.workflow,
    width,
    height,
    frames,
    steps: row.steps,
    plan,
    rank: row.rank,
    kind: row.kind,
  };
}

const workOfRow = (row: WaitingRow, workflows: Catalogue): VramWork =>
  workOf(
    workflows.get(row.workflow),
    {
      modelName: row.model_name,
      width: row.width,
      height: row.height,
      frames: row.frames ?? 1,
      parameters: row.parameters ?? null,
    },
    row.plan ?? noChanges,
  );
