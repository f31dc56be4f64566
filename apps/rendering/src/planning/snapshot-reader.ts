import { Inject, Injectable, Optional } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import { DiskWatch } from '@tower/library';
import { DataSource, type EntityManager } from 'typeorm';
import type { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import { Catalogue } from '../workflows/catalogue';
import { RequirementsCache } from '../workflows/compatibility/requirements-cache';
import type { Work } from './estimates/estimate';
import { SettlingTimes } from './estimates/settling-times';
import { SampleCache } from './estimates/sample-cache';
import type { GivenCards } from './decision';
import { KindRenewal } from './kind-renewal';
import { comparePlaces, LineMarks } from './line-marks';
import type { MemoryNeed } from './memory/memory-need';
import { MemoryStore } from './memory/memory-store';
import {
  askedBy,
  configuredGpus,
  firstInLine,
  latestAttempts,
  liveAttempts,
  liveWorks,
  oldestOfEachKind,
  oldestOfEachRank,
  soonestDeadlines,
  tasksOfJobs,
  tasksSentAhead,
  type LatestAttempt,
  type PlaceInLine,
  type SentAheadRow,
  type WaitingRow,
} from './queue.queries';
import { readSteering, type Steering } from './steering.queries';
import { SharedRead } from './shared-read';
import { SnapshotChanges } from './snapshot-changes';
import { Snapshot } from './snapshot';
import { longestStreak } from './waiting-bounds';

/** Tasks that a forecast looks at. */
const forecastDepth = 1_000;
/**
 * Tasks among which the next ones are chosen. Where no more than these wait, they are all that there is to choose from;
 * else they are the first in line, the oldest of each rank, those with the soonest deadlines, and the oldest of each
 * kind: whatever the queue's depth, a look costs the same.
 */
const choices = { first: 32, perRank: 8, deadlines: 16, kinds: 64 };
/** Milliseconds for which all who ask are answered from one read, whatever changes. */
const sharedMs = 250;
/**
 * Milliseconds for which they are answered from it while nothing changes: how far attempts have come is no change that
 * would be heard of.
 */
const unchangedMs = 2_000;

/** The snapshot as answers read it, over the connections that are for answers. */
export const ANSWERS_SNAPSHOT = Symbol('ANSWERS_SNAPSHOT');

/**
 * Reads the snapshot. What questions are answered from is read once per change, and no more often than every quarter of
 * a second; who gives out work reads for itself. Without `changes`, everything older than that counts as changed.
 */
@Injectable()
export class SnapshotReader {
  private readonly samples: SampleCache;
  private readonly requirements = new RequirementsCache();
  /** What lately waited: most of it is what waits at the next look, and is read with the cards. */
  private readonly usual = new Map<string, ModelUse>();
  private readonly marks: LineMarks;
  private readonly kinds: KindRenewal;
  private readonly whole: SharedRead<Snapshot>;
  private readonly cardsOnly: SharedRead<Snapshot>;

  constructor(
    private readonly db: DataSource,
    private readonly workflows: Catalogue,
    private readonly memory: MemoryStore,
    private readonly disks: DiskWatch,
    @Inject(CLOCK) private readonly clock: Clock,
    @Optional() private readonly changes?: SnapshotChanges,
  ) {
    const version = (): string | undefined => this.version();
    this.samples = new SampleCache(workflows);
    this.marks = new LineMarks(db, clock);
    this.kinds = new KindRenewal(db, workflows, clock);
    // With its plan, which most that is asked needs, so that a long line is planned for a tenth of the time at most.
    this.whole = new SharedRead(clock, async () => (await this.readWhole()).planned(), version);
    this.cardsOnly = new SharedRead(clock, () => this.readCards(), version);
  }

  /**
   * What questions are answered from; or the snapshot as it was at most `withinMs` milliseconds ago, whatever changed
   * since, 0 for as it is now.
   */
  read(withinMs?: number): Promise<Snapshot> {
    return withinMs === undefined ? this.whole.getUnlessChanged(sharedMs, unchangedMs) : this.whole.get(withinMs);
  }

  /** The cards and what runs on them, for questions to which the queue does not matter. */
  readRunning(): Promise<Snapshot> {
    return (
      this.whole.peekUnlessChanged(sharedMs, unchangedMs) ?? this.cardsOnly.getUnlessChanged(sharedMs, unchangedMs)
    );
  }

  /**
   * What there is to choose from for these cards, read now: the window of the planner, and always something for each
   * card that could take anything of what waits. Undefined when nothing waits and nothing was sent ahead.
   */
  async readChoices({ idle, ending = [], sentAhead = [] }: GivenCards): Promise<Snapshot | undefined> {
    const { manager } = this.db;
    // Beside each other: a card waits for all.
    const [first, ahead, running] = await Promise.all([
      firstInLine(manager, choices.first, 'all'),
      tasksSentAhead(manager, sentAhead),
      this.running(manager),
    ]);
    if (first.length + ahead.length === 0) return undefined;
    const around = { ...running, sentAhead: ahead };
    if (first.length < choices.first) return this.snapshotOf(manager, around, first, false);
    const further = await Promise.all([
      tasksOfJobs(manager, movedJobs(running.steering), choices.perRank),
      oldestOfEachRank(manager, choices.perRank),
      soonestDeadlines(manager, choices.deadlines),
      oldestOfEachKind(manager, 1 + idle.length + ending.length, choices.kinds),
    ]);
    const snapshot = await this.snapshotOf(manager, around, inLine([first, ...further].flat()), true);
    const free = [...snapshot.unbooked(idle), ...snapshot.withRoom(ending)];
    if (snapshot.hasChoicesFor(free)) return snapshot;
    // Something of a kind further back may be for a card that would stay idle else.
    const oldest = await this.oldestOfEachKind(free.length);
    return this.snapshotOf(manager, around, inLine([first, ...further, oldest].flat()), true);
  }

  /**
   * So many of each kind that waits, the oldest first; kinds that were made from other templates than today's are told
   * anew on the way.
   */
  async oldestOfEachKind(perKind: number): Promise<(WaitingRow & PlaceInLine)[]> {
    const oldest = await oldestOfEachKind(this.db.manager, perKind);
    await this.kinds.renew(oldest);
    return oldest;
  }

  /** For each place, about how many tasks wait before it. */
  before(places: readonly PlaceInLine[]): Promise<number[]> {
    return this.marks.before(places);
  }

  /** One more row than is looked at tells whether there are more; parameters are read once per kind of work. */
  private async readWhole(): Promise<Snapshot> {
    const { manager } = this.db;
    const [running, rows] = await Promise.all([
      this.running(manager),
      firstInLine(manager, forecastDepth + 1, 'changed'),
    ]);
    const seen = rows.slice(0, forecastDepth);
    const heads = [...new Map([...seen].reverse().map((row) => [row.kind, row])).values()];
    await this.kinds.renew(heads);
    return this.snapshotOf(manager, running, await withParameters(manager, seen, heads), rows.length > forecastDepth);
  }

  /** Why nothing new is started for the time being; undefined when nothing stands in the way. */
  pausedBy(): string | undefined {
    return this.disks.trouble();
  }

  /** Undefined where changes are not heard of. A full disk is seen by this process and written nowhere. */
  private version(): string | undefined {
    const revision = this.changes?.revision();
    return revision === undefined ? undefined : `${revision} ${this.disks.trouble() ?? ''}`;
  }

  private async readCards(): Promise<Snapshot> {
    return this.snapshotOf(this.db.manager, await this.running(this.db.manager), [], true);
  }

  private async running(manager: EntityManager): Promise<Running> {
    const usual = new Map(this.usual);
    const [gpus, live, works, steering, latest, needs, settling] = await Promise.all([
      configuredGpus(manager),
      liveAttempts(manager),
      liveWorks(manager),
      readSteering(manager),
      // One may have been sent ahead, and counts only once it has begun.
      latestAttempts(manager, longestStreak + 1),
      this.memory.of(manager, [...usual.values()]),
      SettlingTimes.read(manager),
      this.samples.catchUp(manager),
    ]);
    return { gpus, live, works, steering, latest, usual, needs, settling };
  }

  /** What is known of the memory of these works: what was not read with the cards, because it is new, is read now. */
  private async needsOf(
    manager: EntityManager,
    works: readonly ModelUse[],
    { usual, needs }: Running,
  ): Promise<MemoryNeed[]> {
    const unusual = new Map(works.map((work) => [useOf(work), work] as const).filter(([key]) => !usual.has(key)));
    if (unusual.size === 0) return needs;
    if (this.usual.size + unusual.size > mostUsual) this.usual.clear();
    for (const [key, work] of unusual) this.usual.set(key, work);
    return [...needs, ...(await this.memory.of(manager, [...unusual.values()]))];
  }

  private async snapshotOf(
    manager: EntityManager,
    running: Running,
    rows: (WaitingRow & PlaceInLine)[],
    more: boolean,
  ): Promise<Snapshot> {
    const { gpus, live, works, steering, latest, settling, sentAhead = [] } = running;
    const needs = await this.needsOf(
      manager,
      rows.map((row) => ({ workflow: row.workflow, modelName: row.model_name })),
      running,
    );
    const { workflows, requirements } = this;
    return new Snapshot({
      gpus,
      live,
      works: new Map(works.map((work) => [work.attempt_id, work])),
      rows,
      more,
      needs,
      times: this.samples.times,
      workflows,
      requirements,
      now: this.clock.now(),
      pause: this.disks.trouble(),
      steering,
      settling,
      sentAhead,
      latest,
    });
  }
}

/** A workflow with a model. */
interface ModelUse {
  workflow: string;
  modelName: string;
}

/**
 * Cards, what runs on them and ran last, what people decided by hand, and what is known of the memory that usual works
 * need.
 */
interface Running {
  gpus: Gpu[];
  live: Attempt[];
  works: (Work & { attempt_id: string })[];
  steering: Steering;
  latest: LatestAttempt[];
  usual: ReadonlyMap<string, ModelUse>;
  needs: MemoryNeed[];
  settling: SettlingTimes;
  sentAhead?: readonly SentAheadRow[];
}

/** Jobs that people moved forward; they may stand deep in the line otherwise. */
const movedJobs = ({ orders }: Steering): string[] => [...new Set(orders.map(({ first }) => first))];

const useOf = ({ workflow, modelName }: ModelUse): string => JSON.stringify([workflow, modelName]);
/** Workflows with models that are remembered; more than are in use at a time. */
const mostUsual = 100;

/** Each task once, in the order of the queue. */
const inLine = <Row extends WaitingRow & PlaceInLine>(rows: readonly Row[]): Row[] =>
  [...new Map(rows.map((row) => [row.task_id, row])).values()].sort(comparePlaces);

/** All rows, those in `of` with what their jobs ask for. */
async function withParameters<Row extends WaitingRow>(
  manager: EntityManager,
  rows: readonly Row[],
  of: readonly Row[],
): Promise<Row[]> {
  const asked = new Map(
    (of.length === 0
      ? []
      : await askedBy(
          manager,
          of.map((row) => row.task_id),
        )
    ).map((one) => [one.task_id, one]),
  );
  return rows.map((row) => ({ ...row, ...asked.get(row.task_id) }));
}
