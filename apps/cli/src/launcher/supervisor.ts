import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, newId, type Clock, type Logger } from '@tower/kit';
import { describeExit, type Part, type RunningPart } from './part';
import { failuresAfterExit, reportAfterFailures, restartDelayMs } from './restart-policy';
import { observeProcess, removeRunRecord, writeRunRecord } from './run-record';

/** What one start of a part is known by. */
interface Incarnation {
  readonly instance: string;
  readonly startedAt: Date;
  readonly running: RunningPart;
  readyAtMs: number | undefined;
}

/** Keeps one part running: whatever ends it, it is started again, later each time it fails again soon. */
export class Supervisor {
  private current: Incarnation | undefined;
  /** By hand, not a `Loop`: `start` waits for the first launch and takes its error, and `kill` waits for nothing. */
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private failures = 0;
  private restarts = 0;
  private lastEnd: string | undefined;

  constructor(
    readonly part: Part,
    private readonly options: { runDirectory: string; logger: Logger; clock: Clock },
  ) {}

  /** The process that runs now, if one does. */
  incarnation(): Incarnation | undefined {
    return this.current;
  }

  /** For people: what it does and how often it had to be started again. */
  describe(): string {
    const now =
      this.current === undefined ? 'does not run' : this.current.readyAtMs === undefined ? 'is starting' : 'runs';
    return this.restarts === 0
      ? now
      : `${now}, started again ${this.restarts} times (last end: ${this.lastEnd ?? 'unknown'})`;
  }

  /**
   * Settles when the first process runs, and keeps it running from then on. Throws when the part cannot be started at
   * all: such a cause (no binary, a foreign data folder) does not pass by itself.
   */
  async start(): Promise<void> {
    let first: (outcome: { error: unknown } | undefined) => void = () => undefined;
    const outcome = new Promise<{ error: unknown } | undefined>((resolve) => (first = resolve));
    this.loop = this.run(first);
    const failure = await outcome;
    if (failure !== undefined) throw failure.error;
  }

  /** Also one that is just being started. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error(`${this.part.name} was stopped`));
    await this.current?.running.stop();
    await this.loop;
  }

  kill(): void {
    this.stopping.abort(new Error(`${this.part.name} was killed`));
    this.current?.running.kill();
  }

  private async run(first: (outcome: { error: unknown } | undefined) => void): Promise<void> {
    try {
      await this.launch();
      first(undefined);
    } catch (error) {
      first({ error });
      return;
    }
    for (;;) {
      if (this.current !== undefined) this.ended(this.current, describeExit(await this.current.running.exited));
      if (this.stopping.signal.aborted) return;
      await this.pause();
      if (this.stopping.signal.aborted) return;
      this.restarts += 1;
      try {
        await this.launch();
      } catch (error) {
        this.failures += 1;
        this.lastEnd = describeError(error);
        this.options.logger.error({ part: this.part.name }, `starting ${this.part.name}: ${this.lastEnd}`);
      }
    }
  }

  private async launch(): Promise<void> {
    const { clock, runDirectory } = this.options;
    const running = await this.part.start();
    if (this.stopping.signal.aborted) {
      // The stop came while it was being started and found nothing to stop.
      await running.stop();
      this.stopping.signal.throwIfAborted();
    }
    const incarnation: Incarnation = { instance: newId(), startedAt: clock.now(), running, readyAtMs: undefined };
    this.current = incarnation;
    const observed = observeProcess(running.pid);
    if (observed !== undefined)
      writeRunRecord(runDirectory, {
        name: this.part.name,
        rank: this.part.rank,
        ...observed,
        startedAt: incarnation.startedAt.toISOString(),
      });
    void running.ready.then(() => (incarnation.readyAtMs = clock.monotonicMs()));
  }

  private ended({ running, readyAtMs }: Incarnation, end: string): void {
    const { clock, runDirectory, logger } = this.options;
    this.current = undefined;
    this.lastEnd = end;
    removeRunRecord(runDirectory, this.part.name);
    this.failures = failuresAfterExit(this.failures, readyAtMs === undefined ? 0 : clock.monotonicMs() - readyAtMs);
    const facts = { part: this.part.name, endedPid: running.pid };
    if (this.stopping.signal.aborted) logger.info(facts, `${this.part.name} stopped (${end})`);
    else
      logger.warn(facts, `${this.part.name} ended (${end}); starting it again in ${restartDelayMs(this.failures)} ms`);
  }

  private async pause(): Promise<void> {
    const { failures, lastEnd } = this;
    const delayMs = restartDelayMs(failures);
    if (failures > 0 && failures % reportAfterFailures === 0)
      this.options.logger.error(
        { part: this.part.name, failures },
        `${this.part.name} could not be started ${failures} times in a row (last: ${lastEnd}); its lines above ` +
          `say why. Trying again in ${delayMs / 1000} s, and on`,
      );
    await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
