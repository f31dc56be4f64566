import {
  createLogger,
  describeError,
  parseEnv,
  serviceEnv,
  Health,
  Metrics,
  startOpsServer,
  type Logger,
  type ServiceEnv,
} from '@tower/kit';

/** What every step may use. */
export interface ServiceContext {
  readonly name: string;
  readonly env: ServiceEnv;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly opsPort: number;
  /** Fires when the process was asked to stop; a step that waits for something must give up then. */
  readonly stopping: AbortSignal;
}

/** One thing that is started after those before it and stopped before them. */
export interface ServiceStep {
  readonly name: string;
  start(context: ServiceContext): Promise<(() => Promise<void>) | undefined>;
}

/** A stop that takes longer is cut short: a supervisor would kill the process anyway. */
const stopDeadlineMs = 12_000;

/**
 * Runs a process: operations server, then the steps in their written order; on SIGTERM, SIGINT or a lost parent the
 * reverse. Exits 0 after a clean stop, 1 when starting or stopping failed. An unhandled rejection is a bug: logged, and
 * the process exits, because nobody knows what state it left behind.
 */
export async function runService(name: string, steps: readonly ServiceStep[]): Promise<void> {
  const env = readEnvOrExit(name);
  const logger = createLogger(name, env.LOG_LEVEL);
  const health = new Health();
  const metrics = new Metrics(name);
  const started = new StartedSteps(health, logger);
  stopOnSignals(started, logger);
  try {
    const ops = await startOpsServer({ host: env.OPS_HOST, port: env.OPS_PORT, health, metrics, logger });
    started.add('operations server', () => ops.close());
    const { stopping } = started;
    const context: ServiceContext = { name, env, logger, metrics, health, opsPort: ops.port, stopping };
    for (const step of steps) {
      stopping.throwIfAborted();
      const stop = await step.start(context);
      if (stop) started.add(step.name, stop);
    }
    health.started();
    logger.info({ opsPort: ops.port }, 'ready');
    process.send?.({ type: 'ready', service: name });
  } catch (error) {
    if (started.stopping.aborted) return;
    logger.fatal({ err: error }, `starting: ${describeError(error)}`);
    await started.stopAndExit('start failed', 1);
  }
}

/** What has been started so far, and how it is stopped. */
class StartedSteps {
  private readonly abort = new AbortController();
  private readonly stops: { name: string; stop: () => Promise<void> }[] = [];

  constructor(
    private readonly health: Health,
    private readonly logger: Logger,
  ) {}

  get stopping(): AbortSignal {
    return this.abort.signal;
  }

  add(name: string, stop: () => Promise<void>): void {
    this.stops.push({ name, stop });
  }

  /** Stops everything in the reverse order, and exits: with `code`, or with 1 when a part could not be stopped. */
  async stopAndExit(reason: string, code: number): Promise<void> {
    if (this.stopping.aborted) return;
    this.health.stopping();
    this.logger.info({ reason }, 'stopping');
    this.abort.abort(new Error(`stopping: ${reason}`));
    const deadline = setTimeout(() => {
      this.logger.error({ waitingFor: this.stops.at(-1)?.name }, 'stopping took too long');
      process.exit(1);
    }, stopDeadlineMs);
    deadline.unref();
    const allStopped = await this.stopAll();
    this.logger.info('stopped');
    process.exit(allStopped ? code : 1);
  }

  private async stopAll(): Promise<boolean> {
    let allStopped = true;
    for (let step = this.stops.pop(); step !== undefined; step = this.stops.pop()) {
      try {
        await step.stop();
      } catch (error) {
        allStopped = false;
        this.logger.error({ err: error, step: step.name }, 'stopping a part');
      }
    }
    return allStopped;
  }
}

function stopOnSignals(started: StartedSteps, logger: Logger): void {
  process.on('SIGTERM', () => void started.stopAndExit('SIGTERM', 0));
  process.on('SIGINT', () => void started.stopAndExit('SIGINT', 0));
  // A launcher that was killed closes the IPC channel; without it nobody would ever stop us.
  process.on('disconnect', () => void started.stopAndExit('the launcher is gone', 0));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ err: reason }, 'unhandled rejection');
    process.exit(1);
  });
}

function readEnvOrExit(name: string): ServiceEnv {
  try {
    return parseEnv(serviceEnv);
  } catch (error) {
    process.stderr.write(`${name}: ${describeError(error)}\n`);
    process.exit(1);
  }
}
