import type { HealthCheck, RenderingStatus } from '@tower/contracts';
import { AppError, backoffMs, describeError, Loop, type Logger } from '@tower/kit';
import type { EchoBridgeMetrics } from './echo-bridge.metrics';
import type { EchoClient } from './echo.client';
import { capabilities, maxConcurrentJobs, toEchoGpus, workerStatus } from './worker';

interface RegistrationTimes {
  heartbeatMs: number;
  firstRetryMs: number;
  maxRetryMs: number;
}

const defaultTimes: RegistrationTimes = { heartbeatMs: 30_000, firstRetryMs: 1_000, maxRetryMs: 300_000 };

/**
 * Keeps Echo informed that this Tower renders: registers, says every 30 seconds how it is, takes its leave. Echo is
 * optional: while it is absent nothing else suffers, the log has one line about it, and the tries grow rarer up to one
 * in five minutes.
 */
export class Registration {
  private readonly loop = new Loop();
  /** Tries in a row that Echo did not answer. */
  private failures = 0;
  private registered = false;
  /** One INFO line per disappearance. */
  private absenceTold = false;

  constructor(
    private readonly echo: EchoClient,
    private readonly worker: { id: string; callbackUrl: string },
    private readonly renderingStatus: () => Promise<RenderingStatus>,
    private readonly metrics: EchoBridgeMetrics,
    private readonly logger: Logger,
    private readonly times: RegistrationTimes = defaultTimes,
  ) {}

  start(): void {
    this.loop.start(() => this.keepInTouch());
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    if (!this.registered) return;
    this.setRegistered(false);
    await this.call('unregister', () => this.echo.unregister(this.worker.id)).catch((error: unknown) =>
      this.logger.debug(`taking leave of Echo: ${describeError(error)}`),
    );
  }

  /** Never bad: Echo is somebody else's program. */
  health(): HealthCheck {
    return { ok: true, detail: this.registered ? `registered as ${this.worker.id}` : 'Echo absent; retrying' };
  }

  private async keepInTouch(): Promise<number> {
    try {
      await (this.registered ? this.beat() : this.register());
      this.failures = 0;
      return this.times.heartbeatMs;
    } catch (error) {
      // Given up because we stop: that says nothing of Echo.
      if (this.loop.isStopping) return 0;
      const forgotten = this.registered && error instanceof AppError && error.code === 'echo_forgot_us';
      this.setRegistered(false);
      // An Echo that restarted does not know us any more and takes us back at once.
      if (forgotten) return 0;
      this.tellAbsence(error);
      return backoffMs(this.failures++, { firstMs: this.times.firstRetryMs, maxMs: this.times.maxRetryMs });
    }
  }

  private async register(): Promise<void> {
    const rendering = await this.askRendering();
    const worker = {
      worker_id: this.worker.id,
      worker_type: 'anime_renderer' as const,
      capabilities,
      callback_url: this.worker.callbackUrl,
      gpus: toEchoGpus(rendering),
      max_concurrent_jobs: maxConcurrentJobs(rendering),
      status: workerStatus(rendering),
    };
    await this.call('register', () => this.echo.register(worker, this.loop.signal));
    this.setRegistered(true);
    this.absenceTold = false;
    this.logger.info({ echo: this.echo.address, workerId: this.worker.id }, 'registered with Echo');
  }

  private async beat(): Promise<void> {
    const rendering = await this.askRendering();
    const beat = {
      worker_id: this.worker.id,
      status: workerStatus(rendering),
      gpus: toEchoGpus(rendering),
      max_concurrent_jobs: maxConcurrentJobs(rendering),
    };
    await this.call('heartbeat', () => this.echo.heartbeat(beat, this.loop.signal));
  }

  private async askRendering(): Promise<RenderingStatus | undefined> {
    try {
      return await this.renderingStatus();
    } catch (error) {
      this.logger.debug(`asking rendering for its cards: ${describeError(error)}`);
      return undefined;
    }
  }

  private async call(name: 'register' | 'heartbeat' | 'unregister', work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.metrics.calls.inc({ call: name, outcome: 'ok' });
    } catch (error) {
      this.metrics.calls.inc({ call: name, outcome: error instanceof AppError ? error.code : 'error' });
      throw error;
    }
  }

  private tellAbsence(error: unknown): void {
    const reason = describeError(error);
    const line = `Echo at ${this.echo.address} is absent; Tower works without it and keeps trying: ${reason}`;
    if (this.absenceTold) this.logger.debug(line);
    else this.logger.info(line);
    this.absenceTold = true;
  }

  private setRegistered(registered: boolean): void {
    this.registered = registered;
    this.metrics.registered.set(registered ? 1 : 0);
  }
}
