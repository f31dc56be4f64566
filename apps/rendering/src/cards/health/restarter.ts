import { Inject, Injectable } from '@nestjs/common';
import type { GpuConfig } from '@tower/contracts';
import { CLOCK, LOGGER, newId, type Clock, type Logger } from '@tower/kit';
import { DataSource, LessThan } from 'typeorm';
import { underFence } from '../../leadership';
import { RenderingMetrics } from '../../rendering.metrics';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../watch-thresholds';
import { runRestartCommand } from './restart-command';
import { GpuRestart } from './restart.entity';

/** Milliseconds that the record of a run is kept: ninety days. */
const keepMs = 90 * 24 * 3_600_000;

/** Runs the restart commands of cards, at most once per cool-down and card, and keeps a record of every run. */
@Injectable()
export class Restarter {
  private readonly running = new Set<string>();
  /** Monotonic milliseconds at which this process last ran a card's command. */
  private readonly startedAtMs = new Map<string, number>();

  constructor(
    private readonly db: DataSource,
    private readonly metrics: RenderingMetrics,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Starts the command in the background. False when the card has none, when it is running, or when the last run is too
   * short ago.
   * @throws AppError `lease_lost` when another process leads now; then nothing is run
   */
  async restart(fence: string, config: GpuConfig, because: string): Promise<boolean> {
    if (config.restart_command === undefined) return false;
    if (this.running.has(config.name) || this.ranLately(config.name)) return false;
    this.running.add(config.name);
    const id = await this.book(fence, config.name, because).catch((error: unknown) => {
      this.running.delete(config.name);
      throw error;
    });
    if (id === undefined) {
      this.running.delete(config.name);
      return false;
    }
    this.startedAtMs.set(config.name, this.clock.monotonicMs());
    await this.db.manager.delete(GpuRestart, {
      gpu: config.name,
      at: LessThan(new Date(this.clock.now().getTime() - keepMs)),
    });
    this.logger.warn({ gpu: config.name }, `restarting ${config.name} by its restart command: ${because}`);
    void this.run(config.name, config.restart_command, id);
    return true;
  }

  /** As this process counts, whatever was done to the wall clock meanwhile. */
  private ranLately(gpu: string): boolean {
    return this.clock.monotonicMs() - (this.startedAtMs.get(gpu) ?? -Infinity) < this.limits.restartCoolDownMs;
  }

  /**
   * Notes the run before it begins: one transaction looks and notes, so that of two processes one runs the command.
   * Undefined when the last run is too short ago. One in the future was noted before the clock was set back, and
   * says nothing.
   */
  private book(fence: string, gpu: string, because: string): Promise<string | undefined> {
    return underFence(this.db, fence, async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtext('gpu_restart'), hashtext($1))", [gpu]);
      const id = newId();
      const booked: unknown[] = await tx.query(
        `insert into gpu_restart (id, gpu, at, because, output)
         select $1, $2, clock_timestamp(), $3, ''
         where not exists (
           select 1 from gpu_restart
           where gpu = $2 and at <= clock_timestamp() and at > clock_timestamp() - make_interval(secs => $4)
         ) returning id`,
        [id, gpu, because, this.limits.restartCoolDownMs / 1000],
      );
      if (booked.length === 0) return undefined;
      // Runs whose process ended with them: nobody else will say how they ended.
      await tx.query(
        `update gpu_restart set ended_at = clock_timestamp(), output =
          'the rendering service ended while the command ran'
         where gpu = $1 and ended_at is null and id <> $2`,
        [gpu, id],
      );
      return id;
    });
  }

  private async run(gpu: string, command: readonly string[], id: string): Promise<void> {
    try {
      const { exitCode, output } = await runRestartCommand(command);
      this.metrics.restarts.inc({ gpu, outcome: exitCode === 0 ? 'ok' : 'failed' });
      this.logger[exitCode === 0 ? 'info' : 'error'](
        { gpu, exitCode, output },
        `the restart command of ${gpu} ended with ${exitCode ?? 'no exit code'}`,
      );
      await this.db.manager.update(GpuRestart, { id }, { endedAt: this.clock.now(), exitCode, output });
    } catch (error) {
      this.logger.error({ err: error, gpu }, 'noting how a restart command ended');
    } finally {
      this.running.delete(gpu);
    }
  }
}
