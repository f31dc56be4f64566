import { setTimeout as sleep } from 'node:timers/promises';
import { ClientProxyFactory, Transport, type ClientProxy } from '@nestjs/microservices';
import type { InputOf, OutputOf, RequestDefinition } from '@tower/contracts';
import { AppError, describeError } from '@tower/kit';
import { firstValueFrom, TimeoutError, timeout } from 'rxjs';
import type { BusMetrics } from './bus.metrics';
import { natsOptions } from './connection';
import { fromErrorReply, reply } from './reply';

/** Asks other services, with the question's own time-out. A repeatable question is asked again while nobody is there to answer. */
export class RequestClient {
  private readonly proxy: ClientProxy;

  constructor(
    url: string,
    service: string,
    private readonly metrics: BusMetrics,
  ) {
    this.proxy = ClientProxyFactory.create({ transport: Transport.NATS, options: natsOptions(url, `${service}-requests`) });
  }

  connect(): Promise<void> {
    return this.proxy.connect() as Promise<void>;
  }

  /** Throws the other side's AppError, or `unavailable` when it does not answer in time. */
  async ask<Definition extends RequestDefinition>(definition: Definition, input: InputOf<Definition>): Promise<OutputOf<Definition>> {
    const startedAt = performance.now();
    const deadline = startedAt + definition.timeoutMs;
    for (;;) {
      const outcome = await this.once(definition, input, Math.max(50, deadline - performance.now()));
      if (outcome.answered) {
        this.metrics.requests.inc({ subject: definition.subject, outcome: 'answered' });
        this.metrics.requestSeconds.observe({ subject: definition.subject }, (performance.now() - startedAt) / 1000);
        return outcome.value;
      }
      if (definition.repeatable && performance.now() + 200 < deadline) {
        await sleep(150);
        continue;
      }
      this.metrics.requests.inc({ subject: definition.subject, outcome: 'unanswered' });
      throw new AppError('unavailable', `${definition.owner.replaceAll('-', '_')}_unavailable`, `the ${definition.owner} service does not answer right now; try again in a moment`, {
        cause: outcome.error,
        retryAfterMs: 2_000,
      });
    }
  }

  async close(): Promise<void> {
    await (this.proxy.close() as unknown as Promise<void> | undefined);
  }

  private async once<Definition extends RequestDefinition>(
    definition: Definition,
    input: InputOf<Definition>,
    waitMs: number,
  ): Promise<{ answered: true; value: OutputOf<Definition> } | { answered: false; error: unknown }> {
    let raw: unknown;
    try {
      raw = await firstValueFrom(this.proxy.send<unknown, unknown>(definition.subject, input).pipe(timeout(waitMs)));
    } catch (error) {
      if (error instanceof TimeoutError || isNobodyThere(error)) return { answered: false, error };
      throw error;
    }
    const parsed = reply.parse(raw);
    if (!parsed.ok) throw fromErrorReply(parsed.error);
    return { answered: true, value: definition.output.parse(parsed.value) as OutputOf<Definition> };
  }
}

/** No responders, or our own connection is down. */
const isNobodyThere = (error: unknown): boolean =>
  /no subscribers|no responders|503|CONNECTION|DISCONNECT|closed/i.test(describeError(error)) || (error as { code?: unknown }).code === '503';
