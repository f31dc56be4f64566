import { assignments, plan, type PlanFacts, type Waiting } from '@tower/rendering/planning';
import {
  cardOf,
  exactly,
  loadsOf,
  residentOf,
  taskOf,
  type FrozenCard,
  type FrozenModel,
  type Run,
  type Schedule,
} from './instance';

interface FrozenJob {
  id: string;
  model: string;
  weight: number;
  arrival: number;
  deadline: number | null;
  /** Seconds by card; null: does not fit. */
  estimate: (number | null)[];
  actual: (number | null)[];
}

/** Jobs come one by one, and runs take other times than expected; see the fixtures' README. */
export interface World {
  id: string;
  load: number;
  cards: FrozenCard[];
  models: FrozenModel[];
  jobs: FrozenJob[];
}

/** What the card of a world is at. */
interface Course {
  card: FrozenCard;
  index: number;
  /** When it really ends, and when it was expected to. */
  until: number;
  expectedUntil: number;
  resident: string[];
  /** Tasks in a row with the models that it had, past older ones of their weight. */
  streak: number;
}

const rankOfWeight = new Map([
  [16, 0],
  [4, 1],
  [1, 2],
]);
/** Times are compared with some room, as the judge does. */
const moment = 1e-9;
/** Seconds that a run which is overdue is expected to take still. */
const overdueSeconds = 0.5;

/** Plays a world: at every arrival and every end the planner says what idle cards start. */
export function playWorld(world: World, decisionMs: number[]): Schedule {
  return new Play(world, decisionMs).run();
}

class Play {
  private readonly courses: Course[];
  private readonly runs: Run[] = [];
  private readonly load: NonNullable<PlanFacts<Waiting>['load']>;
  private readonly coming: FrozenJob[];
  private readonly byId: ReadonlyMap<string, FrozenJob>;
  private waiting: FrozenJob[] = [];
  /** Actual by expected seconds of what has ended, which is how far an estimate may be off. */
  private readonly ratios: { at: number; ratio: number }[] = [];

  constructor(
    private readonly world: World,
    private readonly decisionMs: number[],
  ) {
    const resident = residentOf(world.cards);
    this.courses = world.cards.map((card, index) => ({
      card,
      index,
      until: 0,
      expectedUntil: 0,
      resident: resident.get(card.name) ?? [],
      streak: 0,
    }));
    this.load = loadsOf(world.cards, world.models);
    this.coming = [...world.jobs].sort((a, b) => a.arrival - b.arrival);
    this.byId = new Map(world.jobs.map((job) => [job.id, job]));
  }

  run(): Schedule {
    let now = 0;
    while (this.runs.length < this.world.jobs.length) {
      while ((this.coming[0]?.arrival ?? Infinity) <= now + moment) this.waiting.push(this.coming.shift() as FrozenJob);
      this.decide(now);
      now = Math.min(
        this.coming[0]?.arrival ?? Infinity,
        ...this.courses.map(({ until }) => until).filter((until) => until > now + moment),
      );
      if (now === Infinity && this.waiting.length > 0)
        throw new Error(
          `${this.world.id}: all cards are free, and the planner starts none of ${this.waiting.length} waiting jobs`,
        );
    }
    return { id: this.world.id, runs: this.runs };
  }

  private decide(now: number): void {
    if (this.waiting.length === 0 || this.courses.every(({ until }) => until > now + moment)) return;
    const facts = this.factsAt(now);
    const began = performance.now();
    const heads = assignments(plan(facts, 0));
    this.decisionMs.push(performance.now() - began);
    for (const { taskId, gpu } of heads) this.start(this.byId.get(taskId) as FrozenJob, gpu, now);
  }

  private factsAt(now: number): PlanFacts<Waiting> {
    const isBusy = ({ until }: Course): boolean => until > now + moment;
    const late = this.lateness(now);
    return {
      cards: this.courses.map((course) => cardOf(course.card, course.index, !isBusy(course))),
      busy: new Map(
        this.courses
          .filter(isBusy)
          .map(({ card, expectedUntil }) => [card.name, exactly(Math.max(overdueSeconds, expectedUntil - now))]),
      ),
      waiting: this.waiting.map((job) => ({
        ...taskOf(job.id, job.model),
        rank: rankOfWeight.get(job.weight) ?? 2,
        waitedSeconds: now - job.arrival,
        deadlineIn: job.deadline === null ? undefined : job.deadline - now,
      })),
      estimate: ({ taskId }, gpu) => {
        const seconds = this.estimated(taskId, gpu) ?? 0;
        return { ...exactly(seconds), p80: seconds * late, confidence: null, basis: 'estimate' };
      },
      fits: ({ name }, { taskId }) => this.estimated(taskId, name) !== null,
      load: this.load,
      resident: new Map(this.courses.map(({ card, resident }) => [card.name, resident])),
      streaks: new Map(this.courses.map(({ card, streak }) => [card.name, streak])),
    };
  }

  private estimated(taskId: string, gpu: string): number | null {
    const index = this.courses.findIndex(({ card }) => card.name === gpu);
    return this.byId.get(taskId)?.estimate[index] ?? null;
  }

  /** By how much four of five runs that have ended were longer than expected at most; 1 while too few have. */
  private lateness(now: number): number {
    const seen = this.ratios.filter(({ at }) => at <= now).map(({ ratio }) => ratio);
    const few = 10;
    if (seen.length < few) return 1;
    return Math.max(1, seen.sort((a, b) => a - b)[Math.floor(0.8 * seen.length)] ?? 1);
  }

  private start(job: FrozenJob, gpu: string, now: number): void {
    const course = this.courses.find(({ card }) => card.name === gpu) as Course;
    const { seconds: load } = this.load(taskOf(job.id, job.model), gpu, course.resident);
    const [estimate, actual] = [job.estimate[course.index] ?? 0, job.actual[course.index] ?? 0];
    this.waiting = this.waiting.filter((other) => other !== job);
    const passes = this.waiting.some(
      (other) =>
        other.arrival < job.arrival && other.weight === job.weight && (other.estimate[course.index] ?? null) !== null,
    );
    course.streak = load === 0 && passes ? course.streak + 1 : 0;
    course.until = now + load + actual;
    course.expectedUntil = now + load + estimate;
    course.resident = [job.model];
    this.ratios.push({ at: course.until, ratio: actual / estimate });
    this.runs.push({ task: job.id, card: gpu, start: now, finish: course.until });
  }
}
