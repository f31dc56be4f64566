import { constants, existsSync } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiskView, FileSystemView, HealthCheck } from '@tower/contracts';
import { backoffMs, AppError, describeError, sizeText, type Clock, type Logger, type Metrics } from '@tower/kit';
import { DiskMetrics } from './disk-metrics';
import { examineFileSystem, lacksOf, unfitBecause } from './file-system';
import { isGone, wasEmptied } from './gone';
import { hintOf, isMatterOfRoom, neededBytesOf, ownDiskUnfit, ownFault, placeWords, type OwnPlace } from './own-fault';
import { tryToWrite } from './write-probe';

export interface WatchedPlace {
  readonly place: OwnPlace;
  readonly path: string;
  /**
   * Where everything that is written there begins; made when it is not there. Without it, only the free space is
   * watched.
   */
  readonly writesInto?: string;
  /** Whether files are known to lie there from before: then an empty place is not mounted, and is left so. */
  readonly hasFiles?: () => Promise<boolean>;
  /** MiB; a place that little is written to needs less of a reserve. */
  readonly enoughMb?: number;
}

interface Fault {
  error: AppError;
  /** Bytes that have to be free before another try makes sense. */
  neededBytes: number;
  /** Where the write failed. */
  folder: string;
  /** Monotonic milliseconds before which nothing is tried. */
  probeAtMs: number;
}

interface Standing extends WatchedPlace {
  freeBytes: number;
  totalBytes: number;
  reserveBytes: number;
  /** Why the place could not even be looked at. */
  unseen: string | undefined;
  fault: Fault | undefined;
  /** Something could be written there since the start, or since it was gone. */
  proven: boolean;
  /** Where writing begins was there once: it is not made anew in a place that is empty since then. */
  begun: boolean;
  /** Of a place that is written to, once something could be. */
  fileSystem: FileSystemView | undefined;
  /** Faults since a write was last known to have worked. */
  failures: number;
  /** Monotonic milliseconds since which a look has not come back; undefined when none is under way. */
  askedSinceMs: number | undefined;
}

/** Milliseconds. */
const lookEveryMs = 2_000;
const freshForMs = 500;
/** Work is not held up by a look, unless the last one is older than this. */
const validForMs = 5_000;
/** A disk that does not answer for so long (a mount whose server is gone) is trouble too. */
const answerWithinMs = 5_000;
const probePauses = { firstMs: 1_000, maxMs: 15_000 };

/** The share of a small disk that is kept free at most. */
const reserveShare = 1 / 20;
/** Bytes that the first write into a place tries. */
const firstProbeBytes = 4_096;

/**
 * Tower's own disks: how much is free, how much is needed, and what writing there met. Whoever could not write says so
 * (`failed`); from then on the place counts as unusable until enough is free again and a file of that size could be
 * written. Says each change once in the log.
 */
export class DiskWatch {
  private readonly standings: Standing[];
  private readonly gauges;
  private measuring: Promise<void> | undefined;
  private measuredAtMs = -Infinity;
  private said: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** `reserveMb`: MiB that stay free on each disk, or a twentieth of a smaller one. */
  constructor(
    places: readonly WatchedPlace[],
    private readonly reserveMb: number,
    metrics: Metrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.standings = places.map((place) => ({
      ...place,
      freeBytes: 0,
      totalBytes: 0,
      reserveBytes: 0,
      unseen: undefined,
      fault: undefined,
      proven: false,
      begun: false,
      fileSystem: undefined,
      failures: 0,
      askedSinceMs: undefined,
    }));
    this.gauges = new DiskMetrics(metrics);
  }

  start(): void {
    void this.measure();
    this.timer = setInterval(() => void this.measure(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /**
   * Why nothing new may be started now, as one sentence; undefined when there is room everywhere. Looks at the disks
   * for the next time, and waits for that only when the last look is old.
   */
  async pause(): Promise<string | undefined> {
    const ageMs = this.clock.monotonicMs() - this.measuredAtMs;
    const look = ageMs > freshForMs ? this.measure() : Promise.resolve();
    if (ageMs > validForMs) await Promise.race([look, sleep(1_000, undefined, { ref: false })]);
    return this.trouble();
  }

  /** The same from the last look, without looking. */
  trouble(): string | undefined {
    for (const standing of this.standings) {
      const trouble = this.troubleAt(standing);
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  }

  /**
   * Whether a write into this place failed, or it cannot even be looked at, and nothing has shown since that another
   * would not.
   */
  isFailing(place: OwnPlace): boolean {
    return this.standings.some(({ place: name, fault, unseen }) => name === place && (fault ?? unseen) !== undefined);
  }

  /** A write failed there, as `ownFault` says it. */
  failed(place: OwnPlace, error: AppError): void {
    const standing = this.standings.find((candidate) => candidate.place === place);
    if (!standing) return;
    this.note(standing, error, standing.reserveBytes + (neededBytesOf(error) ?? 0), folderOf(error, standing));
    this.say();
  }

  /** What still waits for that place needs at most so many bytes more than the reserve. */
  waiting(place: OwnPlace, bytes: number): void {
    for (const { place: name, fault, reserveBytes } of this.standings)
      if (name === place && fault !== undefined) fault.neededBytes = reserveBytes + bytes;
  }

  /** A write worked there. */
  worked(place: OwnPlace): void {
    for (const standing of this.standings) if (standing.place === place) standing.failures = 0;
  }

  views(): DiskView[] {
    return this.standings.map((standing) => {
      const trouble = this.troubleAt(standing);
      return {
        place: standing.place,
        ok: trouble === undefined,
        detail: trouble ?? `${sizeText(standing.freeBytes)} free`,
        free_bytes: standing.freeBytes,
        total_bytes: standing.totalBytes,
        needed_bytes: neededOf(standing),
        file_system: standing.fileSystem ?? null,
        lacks: standing.fileSystem === undefined ? [] : lacksOf(standing.fileSystem),
      };
    });
  }

  check(): HealthCheck {
    const trouble = this.standings
      .map((standing) => this.troubleAt(standing))
      .filter((sentence) => sentence !== undefined);
    return trouble.length === 0 ? { ok: true, detail: 'have room' } : { ok: false, detail: trouble.join('; ') };
  }

  /** Looks at every disk once; a look that is under way is shared. Never throws. */
  measure(): Promise<void> {
    this.measuring ??= Promise.all(this.standings.map((standing) => this.look(standing))).then(() => {
      this.measuring = undefined;
      this.measuredAtMs = this.clock.monotonicMs();
      this.say();
    });
    return this.measuring;
  }

  private async look(standing: Standing): Promise<void> {
    standing.askedSinceMs = this.clock.monotonicMs();
    try {
      if (standing.writesInto !== undefined) await this.begin(standing, standing.writesInto);
      const disk = await statfs(standing.path);
      standing.freeBytes = disk.bavail * disk.bsize;
      standing.totalBytes = disk.blocks * disk.bsize;
      standing.reserveBytes = Math.min(
        Math.min(this.reserveMb, standing.enoughMb ?? Infinity) * 1024 ** 2,
        Math.floor(standing.totalBytes * reserveShare),
      );
      standing.unseen = undefined;
      await this.prove(standing);
    } catch (error) {
      const fault = ownFault(error, standing.place);
      standing.unseen =
        fault === undefined
          ? `${placeWords[standing.place]} cannot be used: ${describeError(error)}`
          : [fault.message, hintOf(fault)].filter((part) => part !== '').join('. ');
    }
    standing.askedSinceMs = undefined;
    this.gauges.free.set({ place: standing.place }, standing.freeBytes);
    this.gauges.needed.set({ place: standing.place }, neededOf(standing));
  }

  private async begin(standing: Standing, writesInto: string): Promise<void> {
    const mayBeGone = standing.begun || (await standing.hasFiles?.()) === true;
    if (mayBeGone && (await isGone(standing.path, writesInto))) {
      // Another disk may come back in its place.
      standing.proven = false;
      throw new AppError('unavailable', 'own_disk_gone', wasEmptied(standing.path, writesInto));
    }
    await mkdir(writesInto, { recursive: true });
    await access(writesInto, constants.W_OK | constants.X_OK);
    standing.begun = true;
  }

  /** A place is good when something could be written: at first, and again after each fault. */
  private async prove(standing: Standing): Promise<void> {
    const { fault, writesInto } = standing;
    if (writesInto === undefined || (fault === undefined && standing.proven)) return;
    if (fault !== undefined && (standing.freeBytes < fault.neededBytes || this.clock.monotonicMs() < fault.probeAtMs))
      return;
    try {
      // A folder that is gone is made anew by the next write, beginning where every write begins.
      if (fault !== undefined && !existsSync(fault.folder)) fault.folder = writesInto;
      await tryToWrite(fault?.folder ?? writesInto, fault?.neededBytes ?? firstProbeBytes);
      if (!standing.proven) standing.fileSystem = await examineFileSystem(writesInto);
      const unfit = standing.fileSystem && unfitBecause(standing.fileSystem);
      if (unfit !== undefined) throw ownDiskUnfit(standing.place, unfit);
      standing.proven = true;
      if (standing.fault === fault) standing.fault = undefined;
    } catch (error) {
      const seen = ownFault(error, standing.place);
      if (seen === undefined) throw error;
      this.note(standing, seen, fault?.neededBytes ?? standing.reserveBytes, fault?.folder ?? writesInto);
    }
  }

  private note(standing: Standing, error: AppError, neededBytes: number, folder: string): void {
    standing.fault = {
      error,
      neededBytes,
      folder,
      probeAtMs: this.clock.monotonicMs() + backoffMs(standing.failures, probePauses),
    };
    standing.failures += 1;
  }

  private troubleAt(standing: Standing): string | undefined {
    const name = placeWords[standing.place];
    if (standing.askedSinceMs !== undefined && this.clock.monotonicMs() - standing.askedSinceMs > answerWithinMs)
      return `${name} does not answer. Look at its mount.`;
    if (standing.unseen !== undefined) return standing.unseen;
    const figures = `${sizeText(standing.freeBytes)} free, ${sizeText(neededOf(standing))} needed`;
    if (standing.fault !== undefined) {
      const { error, folder } = standing.fault;
      const where = folder === standing.writesInto ? '' : ` in ${relative(standing.path, folder) || folder}`;
      return `${error.message}${isMatterOfRoom(error) ? `: ${figures}` : where}. ${hintOf(error)}`;
    }
    return standing.freeBytes < standing.reserveBytes ? `${name} is full: ${figures}. Make room there.` : undefined;
  }

  /** Once per trouble and once when it is over: the figures in it change all the time. */
  private say(): void {
    const troubled = this.standings
      .filter((standing) => this.troubleAt(standing) !== undefined)
      .map(({ place }) => place)
      .join(', ');
    if (troubled === (this.said ?? '')) return;
    if (troubled === '') this.logger.info('the disks have room again; work goes on');
    else this.logger.warn({ disks: this.views() }, `work waits: ${this.trouble() ?? ''}`);
    this.said = troubled;
  }
}

const neededOf = (standing: Standing): number => standing.fault?.neededBytes ?? standing.reserveBytes;

/** The folder that refused the file, when the system named it; else where every write begins. */
function folderOf(error: AppError, standing: Standing): string {
  const { dest, path } = (error.cause ?? {}) as { dest?: unknown; path?: unknown };
  const refused = [dest, path].find((name): name is string => typeof name === 'string');
  const folder = refused === undefined ? undefined : dirname(refused);
  const begin = standing.writesInto ?? standing.path;
  return folder?.startsWith(standing.path + sep) === true || folder === standing.path ? folder : begin;
}
