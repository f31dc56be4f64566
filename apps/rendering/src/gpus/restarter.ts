import { Inject, Injectable } from '@nestjs/common';
import type { GpuConfig } from '@tower/contracts';
import { CLOCK, LOGGER, newId, type Clock, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import { RenderingMetrics } from '../rendering.metrics';
import { WATCH_LIMITS, type WatchLimits } from '../scheduling/watch-limits';
import { GpuRestart } from './gpu-restart.entity';
import { runRestartCommand } from './restart-command';

/** Runs the restart commands of cards, at most once per cool-down and card, and keeps a record of every run. */
@Injectable()
export class Restarter {
  private readonly running = new Set<string>();

  constructor(
    private readonly db: DataSource,
    private readonly metrics: RenderingMetrics,
    @Inject(WATCH_LIMITS) private readonly limits: WatchLimits,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Starts the command in the background. False when the card has none, when it is running, or when the last run is too short ago. */
  async restart(config: GpuConfig, because: string): Promise<boolean> {
    if (config.restart_command === undefined || this.running.has(config.name)) return false;
    this.running.add(config.name);
    const now = this.clock.now();
    const last = await this.db.manager.findOne(GpuRestart, { where: { gpu: config.name }, order: { at: 'DESC' } });
    if (last !== null && now.getTime() - last.at.getTime() < this.limits.restartCoolDownMs) {
      this.running.delete(config.name);
      return false;
    }
    const run: GpuRestart = { id: newId(), gpu: config.name, at: now, because, endedAt: null, exitCode: null, output: '' };
    await this.db.manager.insert(GpuRestart, run);
    this.logger.warn({ gpu: config.name }, `restarting ${config.name} by its restart command: ${because}`);
    void this.run(config.name, config.restart_command, run);
    return true;
  }

  private async run(gpu: string, command: readonly string[], run: GpuRestart): Promise<void> {
    try {
      const { exitCode, output } = await runRestartCommand(command);
      this.metrics.restarts.inc({ gpu, outcome: exitCode === 0 ? 'ok' : 'failed' });
      this.logger[exitCode === 0 ? 'info' : 'error']({ gpu, exitCode, output }, `the restart command of ${gpu} ended with ${exitCode ?? 'no exit code'}`);
      await this.db.manager.update(GpuRestart, { id: run.id }, { endedAt: this.clock.now(), exitCode, output });
    } catch (error) {
      this.logger.error({ err: error, gpu }, 'noting how a restart command ended');
    } finally {
      this.running.delete(gpu);
    }
  }
}
