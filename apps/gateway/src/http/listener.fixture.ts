import { Module, type Provider } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BusConnection, RequestClient } from '@tower/bus';
import type { InputOf, OutputOf, RequestDefinition } from '@tower/contracts';
import { AppError, CLOCK, createLogger, Health, LOGGER, Metrics, systemClock } from '@tower/kit';
import { JobsClient } from '../api/jobs.client';
import { LibraryFiles } from '../artifacts/library-files';
import { CONSOLE_FOLDER } from '../console/console.controller';
import { DeadLettersService } from '../dead-letters/dead-letters.service';
import { allowedHosts, GATEWAY_ENV, gatewayEnv } from '../env';
import { HttpMetrics } from '../gateway.metrics';
import { doors } from '../gateway.module';
import { SystemService } from '../system/system.service';
import { UploadIntake } from '../uploads/upload-intake';
import { createHttpAdapter } from './adapter';
import { ProblemFilter } from './problem.filter';

/** Stands in for the other services: answers what a spec says, and remembers what it was asked. */
export class FakeServices {
  readonly asked: { subject: string; input: unknown }[] = [];
  private readonly answers = new Map<string, (input: never) => unknown>();

  answer<Definition extends RequestDefinition>(
    definition: Definition,
    answer: (input: InputOf<Definition>) => OutputOf<Definition> | Promise<OutputOf<Definition>>,
  ): void {
    this.answers.set(definition.subject, answer as (input: never) => unknown);
  }

  async ask<Definition extends RequestDefinition>(
    definition: Definition,
    input: InputOf<Definition>,
  ): Promise<OutputOf<Definition>> {
    this.asked.push({ subject: definition.subject, input });
    const answer = this.answers.get(definition.subject);
    if (answer === undefined)
      throw new AppError('unavailable', `${definition.owner}_unavailable`, 'nobody answers', { retryAfterMs: 2_000 });
    return (await answer(input as never)) as OutputOf<Definition>;
  }
}

/** The door as it is in production, in front of made-up services. */
export async function startTestListener(
  options: { library?: string; requestsPerSecond?: number; console?: string } = {},
): Promise<{ app: NestFastifyApplication; services: FakeServices; health: Health }> {
  const services = new FakeServices();
  const health = new Health();
  const logger = createLogger('gateway', 'silent');
  const env = gatewayEnv.parse({ TOWER_LIBRARY: options.library ?? '/nowhere' });
  const providers: Provider[] = [
    { provide: RequestClient, useValue: services },
    { provide: BusConnection, useValue: undefined },
    { provide: Health, useValue: health },
    { provide: LOGGER, useValue: logger },
    { provide: CLOCK, useValue: systemClock },
    { provide: GATEWAY_ENV, useValue: env },
    { provide: CONSOLE_FOLDER, useValue: options.console ?? '/nowhere' },
    { provide: APP_FILTER, useClass: ProblemFilter },
    JobsClient,
    DeadLettersService,
    LibraryFiles,
    UploadIntake,
    SystemService,
  ];

  @Module({ controllers: doors, providers })
  class DoorModule {}

  const adapter = createHttpAdapter({
    logger,
    metrics: new HttpMetrics(new Metrics('gateway')),
    allowedHosts: allowedHosts(env),
    requestsPerSecond: options.requestsPerSecond ?? 0,
    clock: systemClock,
  });
  const app = await NestFactory.create<NestFastifyApplication>(DoorModule, adapter, {
    logger: false,
    abortOnError: false,
  });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return { app, services, health };
}
