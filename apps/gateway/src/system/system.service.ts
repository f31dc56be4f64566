import { Inject, Injectable } from '@nestjs/common';
import { BusConnection, RequestClient } from '@tower/bus';
import {
  getRenderingStatusRequest,
  heartbeat,
  heartbeatFilter,
  type HealthView,
  type RenderingStatus,
  type StatusView,
} from '@tower/contracts';
import { AppError, CLOCK, describeError, Health, LOGGER, towerVersion, type Clock, type Logger } from '@tower/kit';
import type { Msg } from 'nats';
import { DeadLettersService } from '../dead-letters/dead-letters.service';
import { ProcessTable } from './processes';

/** How every part is, from what the parts themselves say. */
@Injectable()
export class SystemService {
  private readonly processes = new ProcessTable();

  constructor(
    private readonly bus: BusConnection,
    private readonly services: RequestClient,
    private readonly letters: DeadLettersService,
    private readonly ownHealth: Health,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Listens to heartbeats until the returned function is called. */
  listen(): () => void {
    return this.bus.listen(heartbeatFilter, (message) => this.read(message));
  }

  async health(): Promise<HealthView> {
    const own = await this.ownHealth.report();
    const parts: HealthView['parts'] = {
      ...this.processes.parts(this.clock.now()),
      ...own.checks,
      gateway: { ok: own.state === 'ready', detail: own.state },
    };
    const missing = Object.entries(parts)
      .filter(([, part]) => !part.ok)
      .map(([name]) => name);
    if (missing.length === 0)
      return { status: Object.values(parts).some((part) => part.degraded) ? 'degraded' : 'ok', parts };
    throw new AppError('unavailable', 'parts_unavailable', `not ready: ${missing.join(', ')}`, {
      retryAfterMs: 2_000,
      extensions: { parts },
    });
  }

  async status(): Promise<StatusView> {
    const [rendering, deadLetters] = await Promise.all([this.rendering(), this.letters.open()]);
    return {
      version: towerVersion,
      simulated: rendering?.gpus.some((gpu) => gpu.simulated) ?? false,
      processes: this.processes.views(this.clock.now()),
      dead_letters: deadLetters,
      rendering,
    };
  }

  private async rendering(): Promise<RenderingStatus | null> {
    try {
      return await this.services.ask(getRenderingStatusRequest, {});
    } catch (error) {
      // It is there and has too much to do; "nothing is known of rendering" would say something else.
      if (error instanceof AppError && error.kind === 'too_many') throw error;
      this.logger.debug(`asking rendering how it is: ${describeError(error)}`);
      return null;
    }
  }

  private read(message: Msg): void {
    const beat = heartbeat.safeParse(jsonOf(message.string()));
    if (beat.success) this.processes.observe(beat.data, this.clock.now());
    else this.logger.debug({ subject: message.subject }, 'a heartbeat that is none');
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
