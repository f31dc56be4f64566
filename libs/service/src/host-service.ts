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
import {
  connectDatabase,
  databaseFor,
  DatabaseMetrics,
  migrate,
  Outbox,
  poolUse,
  pruneMessaging,
  type DatabaseOptions,
} from '@tower/db';
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

interface HostedService {
  module: Type;
  entities?: DatabaseOptions['entities'];
  /** For the one service with a public door; the others are asked over NATS and need no HTTP. */
  httpAdapter?: (context: ServiceContext) => FastifyAdapter;
  /** Called last, for what a service runs beside answering messages; the returned function stops it first of all. */
  run?: (app: NestFastifyApplication, context: ServiceContext) => Promise<() => Promise<void>>;
}

type Stop = () => Promise<void>;

/** Connections for answers; each answer may use several side by side, and the next ones wait a moment. */
const answersPoolSize = 6;

/** Milliseconds between two looks at who has a connection to the database, for the metric. */
const countConnectionsEveryMs = 2_000;

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
  return runService(service, new ServiceHost(service, hosted).steps());
}

/** A service's parts. Each is set by the step that starts it; steps run in their written order. */
class ServiceHost {
  private readonly instance = newId();
  private readonly schema;
  private readonly clock = systemClock;
  private db!: DataSource;
  private answersDb!: DataSource;
  private bus!: BusConnection;
  private busMetrics!: BusMetrics;
  private requests!: RequestClient;
  private app!: NestFastifyApplication;
  private letterBox!: DeadLetterBox;

  constructor(
    private readonly service: ServiceName,
    private readonly hosted: HostedService,
  ) {
    this.schema = topology[service].schema;
  }

  steps(): ServiceStep[] {
    return [
      { name: 'database', start: (context) => this.connectDatabases(context) },
      { name: 'bus', start: (context) => this.connectBus(context) },
      { name: 'heartbeats', start: (context) => this.beat(context) },
      { name: 'application', start: (context) => this.startApplication(context) },
      { name: 'outbox relay', start: (context) => this.startRelay(context) },
      { name: 'dead letters', start: (context) => this.keepDeadLetters(context) },
      { name: 'messages', start: () => this.takeMessages() },
      { name: 'own work', start: async (context) => this.hosted.run?.(this.app, context) },
    ];
  }

  private async connectDatabases({ env, logger, health, metrics, stopping }: ServiceContext): Promise<Stop> {
    const { service, schema, hosted } = this;
    const options: DatabaseOptions = {
      url: env.DATABASE_URL,
      schema,
      service,
      ...(hosted.entities ? { entities: hosted.entities } : {}),
      onPoolError: (error) => logger.warn(`database connection broke: ${describeError(error)}`),
    };
    const db = (this.db = databaseFor(options));
    const forAnswers = { applicationName: `tower-${service}-answers`, poolSize: answersPoolSize };
    const answersDb = (this.answersDb = databaseFor({ ...options, ...forAnswers }));
    health.register('database', async () => {
      await db.query('select 1');
      return { ok: true, detail: 'answers' };
    });
    await connectDatabase(db, { logger, signal: stopping });
    const applied = await migrate(db, schema);
    if (applied.length > 0) logger.info({ applied }, 'migrated');
    await connectDatabase(answersDb, { logger, signal: stopping });
    const measures = new DatabaseMetrics(metrics);
    const count = setInterval(() => {
      measures.note('work', poolUse(db));
      measures.note('answers', poolUse(answersDb));
    }, countConnectionsEveryMs);
    return async () => {
      clearInterval(count);
      await answersDb.destroy();
      await db.destroy();
    };
  }

  private async connectBus({ env, logger, health, metrics, stopping }: ServiceContext): Promise<Stop> {
    this.busMetrics = new BusMetrics(metrics);
    const bus = (this.bus = await BusConnection.open(env.NATS_URL, this.service, logger, stopping));
    health.register('nats', () => bus.health());
    for (const sentence of await bus.ensureStreams()) logger.warn(sentence);
    const requests = (this.requests = new RequestClient(env.NATS_URL, this.service, this.busMetrics));
    await requests.connect();
    return async () => {
      await requests.close();
      await bus.close();
    };
  }

  private async beat({ health }: ServiceContext): Promise<Stop> {
    const heartbeats = new Heartbeats(this.service, this.bus, health, this.clock);
    heartbeats.start();
    return () => heartbeats.stop();
  }

  private async startApplication(context: ServiceContext): Promise<Stop> {
    const { service, bus, busMetrics, db, clock, hosted } = this;
    const { logger, env } = context;
    const strategy = new JetStreamServer(service, bus, busMetrics, logger);
    this.letterBox = new DeadLetterBox(
      service,
      db,
      (subject, letter) => strategy.handleAgain(subject, letter),
      busMetrics,
      clock,
      logger,
    );
    const app = (this.app = await NestFactory.create<NestFastifyApplication>(
      HostModule.with(this.providers(context), hosted.module, deadLetterDesk(service)),
      hosted.httpAdapter?.(context) ?? new FastifyAdapter(),
      { logger: withoutConnectionNoise(nestLogger(logger)), abortOnError: false },
    ));
    const answering = { ...natsOptions(env.NATS_URL, `${service}-answers`, service), queue: service };
    app.connectMicroservice({ strategy: new QuestionServer(answering, logger, busMetrics) });
    app.connectMicroservice({ strategy });
    await app.init();
    return () => app.close();
  }

  /** What every service may have injected. */
  private providers({ metrics, health, logger, env }: ServiceContext): Provider[] {
    return [
      { provide: DeadLetterBox, useValue: this.letterBox },
      { provide: DataSource, useValue: this.db },
      { provide: ANSWERS_DB, useValue: this.answersDb },
      { provide: BusConnection, useValue: this.bus },
      { provide: BusMetrics, useValue: this.busMetrics },
      { provide: RequestClient, useValue: this.requests },
      { provide: Outbox, useValue: new Outbox(this.service, this.clock) },
      { provide: Metrics, useValue: metrics },
      { provide: Health, useValue: health },
      { provide: LOGGER, useValue: logger },
      { provide: CLOCK, useValue: this.clock },
      { provide: DATABASE_URL, useValue: env.DATABASE_URL },
      { provide: INSTANCE, useValue: this.instance },
    ];
  }

  private async startRelay({ env, logger, health }: ServiceContext): Promise<Stop> {
    const { db, bus, service, schema, clock, instance: holder } = this;
    const relay = new OutboxRelay(db, bus, this.busMetrics, logger, {
      databaseUrl: env.DATABASE_URL,
      schema,
      holder,
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
  }

  private async keepDeadLetters({ logger, health }: ServiceContext): Promise<Stop> {
    const letters = new DeadLetters(this.service, this.db, this.bus, logger);
    letters.start();
    const stopCounting = await this.letterBox.start();
    health.register('dead letters', () => this.letterBox.health());
    return () => {
      stopCounting();
      return letters.stop();
    };
  }

  private async takeMessages(): Promise<undefined> {
    await this.app.startAllMicroservices();
    return undefined;
  }
}
