import type { Card } from '../../cards/card';
import { isEligible } from '../candidates';
import type { Waiting } from '../eligibility';
import type { AttemptEstimate } from '../estimates/estimate';
import type { Busy } from '../estimates/remaining';
import type { LoadEstimate, PlanFacts } from '../plan-facts';
import type { Objective } from '../sequencing/problem';
import type { PlannedTask } from './actions';
import { Answers, KnownAnswers, type AnswerTable } from './answers';

/** What the planner reads of a card; whether a task fits it is among the answers. */
type RecordedCard = Pick<Card, 'name' | 'position' | 'prefers' | 'isIdle' | 'foreignPrompts'>;
/** What the planner reads of a task; what it takes and where it fits is among the answers. */
type RecordedTask = Pick<
  PlannedTask,
  | 'taskId'
  | 'jobId'
  | 'work'
  | 'rank'
  | 'models'
  | 'behind'
  | 'needs'
  | 'waitedSeconds'
  | 'deadlineIn'
  | 'isCalibration'
>;

/**
 * What a plan was made from, as JSON: cards and tasks as far as the planner reads them, and what its functions
 * answered, by numbers made of those of task, card, and, for what has to be loaded, set of models.
 */
export interface RecordedFacts {
  cards: RecordedCard[];
  tasks: RecordedTask[];
  busy: [gpu: string, busy: Busy][];
  resident: [gpu: string, models: readonly string[]][] | null;
  streaks: [gpu: string, tasks: number][] | null;
  ending: readonly string[] | null;
  /** Sets of models that a card could hold when it begins something, each sorted. */
  sets: string[];
  fits: AnswerTable<boolean>;
  estimates: AnswerTable<AttemptEstimate>;
  /** Null where the plan was made without. */
  loads: AnswerTable<LoadEstimate> | null;
  costs: AnswerTable<number> | null;
  earliest: AnswerTable<number> | null;
  seed: number | null;
  places: number | null;
  objective: Objective;
}

const setName = (models: readonly string[]): string => [...models].sort().join('\n');

/** Numbers what can be asked for, by the numbers of task, card, and set of models. */
class Questions {
  private readonly tasks: ReadonlyMap<string, number>;
  private readonly cards: ReadonlyMap<string, number>;
  private readonly sets = new Map<string, number>();
  /** A plan passes on the lists that it was given. */
  private readonly lists = new Map<readonly string[], number>();

  constructor(tasks: readonly { taskId: string }[], cards: readonly { name: string }[], sets: readonly string[] = []) {
    this.tasks = new Map(tasks.map(({ taskId }, index) => [taskId, index]));
    this.cards = new Map(cards.map(({ name }, index) => [name, index]));
    for (const set of sets) this.sets.set(set, this.sets.size);
  }

  about({ taskId }: { taskId: string }, gpu: string): number {
    return (this.cards.get(gpu) ?? NaN) * this.tasks.size + (this.tasks.get(taskId) ?? NaN);
  }

  aboutLoading(task: { taskId: string }, gpu: string, resident: readonly string[]): number {
    return this.setOf(resident) * this.cards.size * this.tasks.size + this.about(task, gpu);
  }

  setNames(): string[] {
    return [...this.sets.keys()];
  }

  private setOf(list: readonly string[]): number {
    const known = this.lists.get(list);
    if (known !== undefined) return known;
    const name = setName(list);
    const set = this.sets.get(name) ?? this.sets.size;
    this.sets.set(name, set);
    this.lists.set(list, set);
    return set;
  }
}

const itself = <Value>(value: Value): Value => value;
const inWords = ({ seconds, low, high, p80, confidence, basis }: AttemptEstimate): string =>
  [seconds, low, high, p80, confidence, basis].join(' ');
const inNumbers = ({ seconds, low, high, p80 }: LoadEstimate): string => `${seconds} ${low} ${high} ${p80}`;

/** Facts of a plan that note what the planner asks of them. */
export class FactsRecorder<Task extends Waiting> {
  /** To plan with, instead of those that were given. */
  readonly facts: PlanFacts<Task>;
  private readonly questions: Questions;
  private readonly fits = new Answers<boolean>(itself);
  private readonly estimates = new Answers<AttemptEstimate>(inWords);
  private readonly loads = new Answers<LoadEstimate>(inNumbers);
  private readonly costs = new Answers<number>(itself);
  private readonly earliest = new Answers<number>(itself);

  constructor(given: PlanFacts<Task>) {
    const { estimate, load, cost, earliest, fits = isEligible } = given;
    const questions = new Questions(given.waiting, given.cards);
    this.questions = questions;
    this.facts = {
      ...given,
      fits: (card, task) => this.fits.note(questions.about(task, card.name), () => fits(card, task)),
      estimate: (task, gpu) => this.estimates.note(questions.about(task, gpu), () => estimate(task, gpu)),
      ...(load && {
        load: (task, gpu, resident) =>
          this.loads.note(questions.aboutLoading(task, gpu, resident), () => load(task, gpu, resident)),
      }),
      ...(cost && { cost: (task, gpu) => this.costs.note(questions.about(task, gpu), () => cost(task, gpu)) }),
      ...(earliest && {
        earliest: (task, gpu) => this.earliest.note(questions.about(task, gpu), () => earliest(task, gpu)),
      }),
    };
  }

  /** What was asked so far, and what does not have to be asked for. */
  record(): RecordedFacts {
    const { cards, waiting, busy, resident, streaks, ending, load, cost, earliest } = this.facts;
    const { seed, places, objective } = this.facts;
    return {
      cards: cards.map(({ name, position, prefers, isIdle, foreignPrompts }) => ({
        ...{ name, position, prefers, isIdle, foreignPrompts },
      })),
      tasks: waiting.map(toRecordedTask),
      busy: [...busy],
      resident: resident ? [...resident] : null,
      streaks: streaks ? [...streaks] : null,
      ending: ending ? [...ending] : null,
      sets: this.questions.setNames(),
      fits: this.fits.toTable(),
      estimates: this.estimates.toTable(),
      loads: load ? this.loads.toTable() : null,
      costs: cost ? this.costs.toTable() : null,
      earliest: earliest ? this.earliest.toTable() : null,
      seed: seed ?? null,
      places: places ?? null,
      objective: objective ?? 'flow',
    };
  }
}

const toRecordedTask = (task: PlannedTask): RecordedTask => ({
  taskId: task.taskId,
  jobId: task.jobId,
  work: task.work,
  ...(task.isCalibration === true ? { isCalibration: true } : {}),
  ...(task.rank === undefined ? {} : { rank: task.rank }),
  ...(task.models === undefined ? {} : { models: task.models }),
  ...(task.behind === undefined ? {} : { behind: task.behind }),
  ...(task.needs === undefined ? {} : { needs: task.needs }),
  ...(task.waitedSeconds === undefined ? {} : { waitedSeconds: task.waitedSeconds }),
  ...(task.deadlineIn === undefined ? {} : { deadlineIn: task.deadlineIn }),
});

/** What decides where a task fits is not recorded: the answers are. */
const unread = {
  card: { only: false, isUsable: true, resident: [], memoryMb: null, isRestartable: false, checkpoints: [], nodes: [] },
  task: { modelName: '', classes: [], excludedGpus: [] },
};

/**
 * The facts of a decision, to plan from again. Their functions throw `NotAskedThen` when the planner asks for what it
 * did not ask for then.
 */
export function factsFrom(recorded: RecordedFacts): PlanFacts<PlannedTask> {
  const { resident, streaks, ending, seed, places } = recorded;
  const [fits, estimates] = [new KnownAnswers(recorded.fits), new KnownAnswers(recorded.estimates)];
  const loads = recorded.loads && new KnownAnswers(recorded.loads);
  const costs = recorded.costs && new KnownAnswers(recorded.costs);
  const earliest = recorded.earliest && new KnownAnswers(recorded.earliest);
  const questions = new Questions(recorded.tasks, recorded.cards, recorded.sets);
  const on =
    (what: string, { taskId }: Waiting, gpu: string) =>
    (): string =>
      `${what} of task ${taskId} on ${gpu}`;
  const about = <Answer>(known: KnownAnswers<Answer>, what: string, task: Waiting, gpu: string): Answer =>
    known.to(questions.about(task, gpu), on(what, task, gpu));
  return {
    cards: recorded.cards.map((card) => ({ ...unread.card, ...card })),
    waiting: recorded.tasks.map((task) => ({ ...unread.task, ...task })),
    busy: new Map(recorded.busy),
    ...(resident && { resident: new Map(resident) }),
    ...(streaks && { streaks: new Map(streaks) }),
    ...(ending && { ending: new Set(ending) }),
    fits: (card, task) => about(fits, 'the eligibility', task, card.name),
    estimate: (task, gpu) => about(estimates, 'the time', task, gpu),
    ...(loads && {
      load: (task, gpu, held) =>
        loads.to(questions.aboutLoading(task, gpu, held), on('what has to be loaded', task, gpu)),
    }),
    ...(costs && { cost: (task, gpu) => about(costs, 'the soft cost', task, gpu) }),
    ...(earliest && { earliest: (task, gpu) => about(earliest, 'the earliest start', task, gpu) }),
    ...(seed === null ? {} : { seed }),
    ...(places === null ? {} : { places }),
    objective: recorded.objective,
  };
}
