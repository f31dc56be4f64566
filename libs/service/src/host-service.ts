import { Global, Module, type DynamicModule, type LoggerService, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  streamDeleted,
  BusMetrics,
  BusConnection,
  natsOptions,
  DeadLetterBox,
  deadLetterDesk,
  DeadLetters,
  Heartbeats,
  JetStreamServer,
  QuestionServer,
  OutboxRelay,
  RequestClient,
} from '@tower/bus';
import { eventStream, topology, type ServiceName } from '@tower/contracts';
import { connectDatabase, databaseFor, migrate, Outbox, pruneMessaging, type DatabaseOptions } from '@tower/db';
import { CLOCK, describeError, Health, LOGGER, Metrics, nestLogger, newId, systemClock } from '@tower/kit';
import { DataSource } from 'typeorm';
import { runService, type ServiceContext, type ServiceStep } from './run-service';

/**
 * The database for whatever answers a question. Its connections are apart from those of the service's own work
 * (`DataSource`), so that no number of people who ask keeps a lease from being renewed or an event from being handled.
 */
export const ANSWERS_DB = Symbol('ANSWERS_DB');
/** Injection tokens for values that are not classes. */
export const DATABASE_URL = Symbol('DATABASE_URL');
export const INSTANCE = Symbol('INSTANCE');

@Global()
@Module({})
class HostModule {
  static with(providers: Provider[], service: Type, desk: Type): DynamicModule {
    return {
      module: HostModule,
      imports: [service],
      controllers: [desk],
      providers,
      exports: providers.map((provider) => (typeof provider === 'function' ? provider : provider.provide)),
    };
  }
}

export interface HostedService {
  module: Type;
  entities?: DatabaseOptions['entities'];
  /** For the one service with a public door; the others are asked over NATS and need no HTTP. */
  httpAdapter?: (context: ServiceContext) => FastifyAdapter;
  /**
   * Called with everything connected and migrated, before the first message is taken: put right what a crash left
   * behind.
   */
  repairOnStart?: (app: NestFastifyApplication) => Promise<void>;
  /** Called last, for what a service runs beside answering messages; the returned function stops it first of all. */
  run?: (app: NestFastifyApplication, context: ServiceContext) => Promise<() => Promise<void>>;
}

/** Connections for answers; each answer may use several side by side, and the next ones wait a moment. */
const answersPoolSize = 6;

const pruneEveryMs = 60 * 60 * 1000;

/**
 * Nest's NATS transport calls every lost connection an error; ours warns of it once. What is not allowed stays an
 * error.
 */
function withoutConnectionNoise(logger: LoggerService): LoggerService {
  const isNoise = (message: unknown, context: unknown): boolean =>
    (context === 'Server' || context === 'ClientNats') &&
    /^NatsError: type: "(disconnect|error)"(?!.*PERMISSIONS_VIOLATION)/.test(String(message));
  return {
    ...logger,
    error: (message: unknown, ...more: unknown[]) =>
      isNoise(message, more.at(-1)) ? logger.debug?.(message, ...more) : logger.error(message, ...more),
  };
}

/**
 * Runs one of our services. Start: operations port, database, migrations, bus, heartbeats, application, repair, outbox
 * relay, dead letters, messages, own work. Stop: the reverse, so that nothing new comes in while what is in hand is
 * finished.
 */
export function hostService(service: ServiceName, hosted: HostedService): Promise<void> {
  const instance = newId();
  const schema = topology[service].schema;
  const clock = systemClock;
  let db: DataSource;
  let answersDb: DataSource;
  let bus: BusConnection;
  let busMetrics: BusMetrics;
  let requests: RequestClient;
  let app: NestFastifyApplication;
  let letterBox: DeadLetterBox;

  const steps: ServiceStep[] = [
    {
      name: 'database',
      start: async ({ env, logger, health, stopping }) => {
        const options: DatabaseOptions = {
          url: env.DATABASE_URL,
          schema,
          service,
          ...(hosted.entities ? { entities: hosted.entities } : {}),
          onPoolError: (error) => logger.warn(`database connection broke: ${describeError(error)}`),
        };
        db = databaseFor(options);
        answersDb = databaseFor({ ...options, applicationName: `tower-${service}-answers`, poolSize: answersPoolSize });
        health.register('database', async () => {
          await db.query('select 1');
          return { ok: true, detail: 'answers' };
        });
        await connectDatabase(db, { logger, signal: stopping });
        const applied = await migrate(db, schema);
        if (applied.length > 0) logger.info({ applied }, 'migrated');
        await connectDatabase(answersDb, { logger, signal: stopping });
        return async () => {
          await answersDb.destroy();
          await db.destroy();
        };
      },
    },
    {
      name: 'bus',
      start: async ({ env, logger, health, metrics, stopping }) => {
        busMetrics = new BusMetrics(metrics);
        bus = await BusConnection.open(env.NATS_URL, service, logger, stopping);
        health.register('nats', () => bus.health());
        for (const sentence of await bus.ensureStreams()) logger.warn(sentence);
        requests = new RequestClient(env.NATS_URL, service, busMetrics);
        await requests.connect();
        return async () => {
          await requests.close();
          await bus.close();
        };
      },
    },
    {
      name: 'heartbeats',
      start: async ({ health }) => {
        const heartbeats = new Heartbeats(service, bus, health, clock);
        heartbeats.start();
        return () => heartbeats.stop();
      },
    },
    {
      name: 'application',
      start: async (context) => {
        const strategy = new JetStreamServer(service, bus, busMetrics, context.logger);
        letterBox = new DeadLetterBox(
          service,
          db,
          (subject, body) => strategy.handleAgain(subject, body),
          busMetrics,
          clock,
          context.logger,
        );
        const providers: Provider[] = [
          { provide: DeadLetterBox, useValue: letterBox },
          { provide: DataSource, useValue: db },
          { provide: ANSWERS_DB, useValue: answersDb },
          { provide: BusConnection, useValue: bus },
          { provide: BusMetrics, useValue: busMetrics },
          { provide: RequestClient, useValue: requests },
          { provide: Outbox, useValue: new Outbox(service, clock) },
          { provide: Metrics, useValue: context.metrics },
          { provide: Health, useValue: context.health },
          { provide: LOGGER, useValue: context.logger },
          { provide: CLOCK, useValue: clock },
          { provide: DATABASE_URL, useValue: context.env.DATABASE_URL },
          { provide: INSTANCE, useValue: instance },
        ];
        app = await NestFactory.create<NestFastifyApplication>(
          HostModule.with(providers, hosted.module, deadLetterDesk(service)),
          hosted.httpAdapter?.(context) ?? new FastifyAdapter(),
          {
            logger: withoutConnectionNoise(nestLogger(context.logger)),
            abortOnError: false,
          },
        );
        const answering = { ...natsOptions(context.env.NATS_URL, `${service}-answers`, service), queue: service };
        app.connectMicroservice({ strategy: new QuestionServer(answering, context.logger, busMetrics) });
        app.connectMicroservice({ strategy });
        await app.init();
        await hosted.repairOnStart?.(app);
        return () => app.close();
      },
    },
    {
      name: 'outbox relay',
      start: async ({ env, logger, health }) => {
        const relay = new OutboxRelay(db, bus, busMetrics, logger, {
          databaseUrl: env.DATABASE_URL,
          schema,
          holder: instance,
          clock,
        });
        relay.start();
        // While nothing is sent, nobody would notice; readers cannot make a stream that is not theirs.
        const deleted =
          topology[service].publishes.length === 0
            ? undefined
            : bus.nats.subscribe(streamDeleted(eventStream(service)), { callback: () => relay.distrust() });
        health.register('outbox', () => {
          const trouble = relay.trouble();
          return { ok: trouble === undefined, detail: trouble ?? 'sending' };
        });
        const prune = setInterval(
          () => void pruneMessaging(db).catch((error: unknown) => logger.warn({ err: error }, 'pruning old messages')),
          pruneEveryMs,
        );
        return async () => {
          clearInterval(prune);
          deleted?.unsubscribe();
          await relay.stop();
        };
      },
    },
    {
      name: 'dead letters',
      start: async ({ logger, health }) => {
        const letters = new DeadLetters(service, db, bus, logger);
        letters.start();
        const stopCounting = await letterBox.start();
        health.register('dead letters', () => letterBox.health());
        return () => {
          stopCounting();
          return letters.stop();
        };
      },
    },
    {
      name: 'messages',
      start: async () => {
        await app.startAllMicroservices();
        return undefined;
      },
    },
    { name: 'own work', start: async (context) => hosted.run?.(app, context) },
  ];
  return runService(service, steps);
}
