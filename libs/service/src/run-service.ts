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
  const stopping = new AbortController();
  const stops: { name: string; stop: () => Promise<void> }[] = [];
  const health = new Health();
  const metrics = new Metrics(name);

  const stop = async (reason: string, code: number): Promise<void> => {
    if (stopping.signal.aborted) return;
    health.stopping();
    logger.info({ reason }, 'stopping');
    stopping.abort(new Error(`stopping: ${reason}`));
    const deadline = setTimeout(() => {
      logger.error({ waitingFor: stops.at(-1)?.name }, 'stopping took too long');
      process.exit(1);
    }, stopDeadlineMs);
    deadline.unref();
    let failed = false;
    for (let step = stops.pop(); step !== undefined; step = stops.pop()) {
      try {
        await step.stop();
      } catch (error) {
        failed = true;
        logger.error({ err: error, step: step.name }, 'stopping a part');
      }
    }
    logger.info('stopped');
    process.exit(failed ? 1 : code);
  };

  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  // A launcher that was killed closes the IPC channel; without it nobody would ever stop us.
  process.on('disconnect', () => void stop('the launcher is gone', 0));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ err: reason }, 'unhandled rejection');
    process.exit(1);
  });

  try {
    const ops = await startOpsServer({ host: env.OPS_HOST, port: env.OPS_PORT, health, metrics, logger });
    stops.push({ name: 'operations server', stop: () => ops.close() });
    const context: ServiceContext = {
      name,
      env,
      logger,
      metrics,
      health,
      opsPort: ops.port,
      stopping: stopping.signal,
    };
    for (const step of steps) {
      stopping.signal.throwIfAborted();
      const stopStep = await step.start(context);
      if (stopStep) stops.push({ name: step.name, stop: stopStep });
    }
    health.started();
    logger.info({ opsPort: ops.port }, 'ready');
    process.send?.({ type: 'ready', service: name });
  } catch (error) {
    if (stopping.signal.aborted) return;
    logger.fatal({ err: error }, `starting: ${describeError(error)}`);
    await stop('start failed', 1);
  }
}

function readEnvOrExit(name: string): ServiceEnv {
  try {
    return parseEnv(serviceEnv);
  } catch (error) {
    process.stderr.write(`${name}: ${describeError(error)}\n`);
    process.exit(1);
  }
}
