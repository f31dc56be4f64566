import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readGpuConfig, secretVariablesOf } from '@tower/comfyui';
import { serviceNames, type HealthView, type ServiceName } from '@tower/contracts';
import { describeFfmpeg } from '@tower/imaging';
import { repositoryRoot, systemClock, towerVersion, type Clock, type Logger } from '@tower/kit';
import { findNatsServer, type DirectoryClaim } from '@tower/machine';
import { ModelStore } from '@tower/models';
import { natsUrlVariables, type TowerEnv } from '../env';
import { executionLog, simulatorHome, towerHome, type TowerHome } from '../home';
import type { LogHub } from '../logs/log-hub';
import type { Redaction } from '../logs/redaction';
import { simulatedCards } from '../simulated-cards';
import { requireHomeRoom } from './home-room';
import { endLeftovers } from './leftovers';
import { NatsAccess, prepareStreams } from './nats-access';
import { startNodeProgram } from './node-part';
import { partRanks, type Part, type RunningPart } from './part';
import { PartHeartbeats } from './part-heartbeats';
import { assertPublicPortFree, Ports } from './ports';
import { writeWhole } from './run-record';
import { announceTower, claimHome, withdrawTower } from './running-tower';
import { natsPart, postgresPart } from './server-parts';
import { chooseServiceUser, giveToUser, rootWarning, type ServiceUser } from './service-user';
import { Supervisor } from './supervisor';

/** Milliseconds. A service cuts its own stop short after 12 s. */
const serviceStopMs = 14_000;
const simulatorStopMs = 2_000;
const healthPollMs = 100;

/** Downloads are shared by all homes of this checkout. */
const natsCache = join(repositoryRoot, '.cache', 'nats');

/** The ComfyUI generation that the simulators speak. */
const simulatedComfyVersion = '0.3.64';

interface TowerOptions {
  readonly env: TowerEnv;
  readonly hub: LogHub;
  readonly redaction: Redaction;
  readonly clock?: Clock;
  /** For the terminal: what is being waited for. */
  readonly onProgress?: (sentence: string) => void;
}

/** A whole Tower on this machine: servers, simulators and services as children that are kept running. */
export class Tower {
  /** Cards are simulated because none is configured. */
  readonly simulated: boolean;
  private readonly home: TowerHome;
  private readonly ports: Ports;
  private readonly logger: Logger;
  private readonly clock: Clock;
  private readonly supervisors: Supervisor[] = [];
  /** Ports that clients were told: kept for this run, whoever takes them while a server is away. */
  private readonly toldPorts = new Map<string, number>();
  private readonly opsPorts = new Map<ServiceName, number>();
  private readonly stopping = new AbortController();
  private databaseUrl: string | undefined;
  private readonly nats: NatsAccess;
  /** Where secrets of cards stand; for rendering alone. */
  private readonly cardVariables: readonly string[];
  private heartbeats: PartHeartbeats | undefined;
  private claim: DirectoryClaim | undefined;
  private address = '';
  private services: ServiceUser = { user: undefined, stayRootBecause: [] };
  private stopped: Promise<void> | undefined;

  constructor(private readonly options: TowerOptions) {
    const { env, hub, redaction } = options;
    this.home = towerHome(env.TOWER_HOME);
    this.ports = new Ports(this.home.ports);
    this.logger = hub.logger(env.LOG_LEVEL);
    this.clock = options.clock ?? systemClock;
    // Rendering reads these files by itself: here they are read so that a mistake in them ends the start with one
    // sentence.
    const gpus = readGpuConfig(env);
    this.simulated = gpus.length === 0;
    this.cardVariables = ['TOWER_GPUS', ...secretVariablesOf(gpus)];
    redaction.addUrl(process.env['ECHO_URL'] ?? '');
    for (const secret of gpus.flatMap(({ access }) => access?.secrets() ?? [])) redaction.add(secret);
    ModelStore.read(env);
    this.databaseUrl = env.DATABASE_URL;
    if (env.DATABASE_URL !== undefined) redaction.addUrl(env.DATABASE_URL);
    this.nats = new NatsAccess(env, this.home, redaction);
  }

  /** Where the gateway listens; known once `start` has settled. */
  get url(): string {
    return this.address;
  }

  /**
   * Starts everything and settles when the gateway says that all of it works. When it throws, nothing is left running.
   */
  async start(): Promise<void> {
    try {
      await this.startParts();
      await this.untilHealthy();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** The door first, the database last. Settles when no process and no lock is left. */
  stop(): Promise<void> {
    this.stopped ??= this.stopParts();
    return this.stopped;
  }

  /** At once, for a second Ctrl-C. What is cut off here is what any crash cuts off. */
  kill(): void {
    this.stopping.abort(new Error('Tower was killed'));
    for (const supervisor of this.supervisors) supervisor.kill();
    this.leaveHome();
  }

  private async startParts(): Promise<void> {
    const { env } = this.options;
    this.claim = await claimHome(this.home.path);
    await endLeftovers(this.home.run, this.logger);
    const port = env.TOWER_PORT === 0 ? await this.ports.take('gateway', env.TOWER_HOST) : env.TOWER_PORT;
    await assertPublicPortFree(port, env.TOWER_HOST);
    this.address = `http://${hostInUrl(env.TOWER_HOST)}:${port}`;
    announceTower(this.home.path, {
      url: this.address,
      library: env.TOWER_LIBRARY,
      version: towerVersion,
      simulated: this.simulated,
      startedAt: this.clock.now().toISOString(),
    });
    mkdirSync(env.TOWER_LIBRARY, { recursive: true });
    this.services = chooseServiceUser(env, readGpuConfig(env));
    if (this.services.stayRootBecause.length > 0) this.logger.warn(rootWarning(this.services.stayRootBecause));
    const ffmpeg = describeFfmpeg();
    if (ffmpeg !== undefined && ffmpeg.warning !== null) this.logger.warn(ffmpeg.warning);

    const cramped = this.databaseUrl === undefined || !this.nats.isGiven ? requireHomeRoom(this.home.path) : undefined;
    if (cramped !== undefined) this.logger.warn(cramped);
    this.progress('starting PostgreSQL and NATS');
    const [gpus] = await Promise.all([this.startSimulators(), this.startPostgres(), this.startNats()]);
    for (const sentence of await prepareStreams(this.nats.urlFor('admin'), this.logger, this.stopping.signal))
      this.logger.warn(sentence);
    this.heartbeats = new PartHeartbeats(this.nats.urlFor('launcher'), this.supervisors, this.logger, this.clock);
    await Promise.all(serviceNames.map((service) => this.supervise(this.servicePart(service, port, gpus))));
  }

  private async stopParts(): Promise<void> {
    this.stopping.abort(new Error('Tower is stopping'));
    const ranks = [...new Set(Object.values(partRanks))].sort((a, b) => b - a);
    for (const rank of ranks) {
      // Before the server goes: our own connection would try to come back to it.
      if (rank === partRanks.nats) await this.heartbeats?.stop();
      await Promise.all(
        this.supervisors.filter(({ part }) => partRanks[part.rank] === rank).map((supervisor) => supervisor.stop()),
      );
    }
    this.leaveHome();
  }

  private leaveHome(): void {
    if (this.claim === undefined) return;
    rmSync(this.home.prometheusTargets, { force: true });
    withdrawTower(this.home.path);
    this.nats.withdraw();
    this.claim.release();
    this.claim = undefined;
  }

  private async startPostgres(): Promise<void> {
    if (this.databaseUrl !== undefined) return;
    const onUrl = (url: string): void => {
      this.databaseUrl = url;
      this.options.redaction.addUrl(url);
    };
    await this.supervise(
      postgresPart({
        dataDir: this.home.postgresData,
        logFile: this.home.postgresLog,
        port: () => this.toldPort('postgres'),
        onUrl,
      }),
    );
  }

  private async startNats(): Promise<void> {
    if (this.nats.isGiven) return;
    const { path: bin, version } = await findNatsServer({ cacheDir: natsCache, log: (line) => this.progress(line) });
    const onUrl = (url: string): void => this.nats.announce(url);
    const { natsStore: storeDir, natsLog: logFile } = this.home;
    const stepDown = this.services.user !== undefined;
    const port = (): Promise<number> => this.toldPort('nats');
    await this.supervise(
      natsPart({ bin, version, storeDir, logFile, passwords: this.nats.passwords(), port, stepDown, onUrl }),
    );
  }

  /**
   * What rendering is told about the cards: nothing when they are configured, for then it reads the same configuration
   * itself.
   */
  private async startSimulators(): Promise<NodeJS.ProcessEnv> {
    if (!this.simulated) return {};
    const gpus = await Promise.all(
      simulatedCards.map(async ({ name, vendor }) => {
        const port = await this.toldPort(`sim-${name}`);
        await this.supervise(this.simulatorPart(name, port));
        return { name, vendor, url: `http://127.0.0.1:${port}` };
      }),
    );
    return { TOWER_GPUS: JSON.stringify(gpus) };
  }

  private simulatorPart(card: string, port: number): Part {
    const home = simulatorHome(this.home, card);
    const flags = {
      profile: card,
      port,
      generation: simulatedComfyVersion,
      'time-scale': this.options.env.TOWER_SIM_TIME_SCALE,
      home,
      'execution-log': executionLog(this.home, card),
    };
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
    const start = (): Promise<RunningPart> => {
      giveToUser(home, this.services.user);
      return this.startProgram(`sim-${card}`, 'comfy-sim', { args, env: {}, stopMs: simulatorStopMs });
    };
    return {
      name: `sim-${card}`,
      rank: 'simulator',
      version: `${simulatedComfyVersion} (simulated)`,
      hasHeartbeat: false,
      start,
    };
  }

  private servicePart(service: ServiceName, port: number, gpus: NodeJS.ProcessEnv): Part {
    const { env } = this.options;
    const ofCards = Object.fromEntries(this.cardVariables.map((variable) => [variable, process.env[variable]]));
    const own: Partial<Record<ServiceName, NodeJS.ProcessEnv>> = {
      gateway: { TOWER_PORT: String(port), TOWER_HOST: env.TOWER_HOST },
      rendering: {
        TOWER_GPUS_FILE: env.TOWER_GPUS_FILE,
        TOWER_MODELS_FILE: env.TOWER_MODELS_FILE,
        TOWER_MODELS_MANIFEST: env.TOWER_MODELS_MANIFEST,
        ...ofCards,
        ...gpus,
      },
      // Where Echo finds us, unless a person knows better (a proxy in between).
      'echo-bridge': {
        ECHO_URL: process.env['ECHO_URL'],
        ECHO_CALLBACK_URL: process.env['ECHO_CALLBACK_URL'] ?? `${this.address}/api/anime/echo/webhook`,
      },
    };
    const start = async (): Promise<RunningPart> => {
      const opsPort = await this.ports.take(`${service}-operations`);
      this.opsPorts.set(service, opsPort);
      this.writePrometheusTargets();
      return this.startProgram(service, service, {
        args: [],
        env: { NATS_URL: this.nats.urlFor(service), OPS_PORT: String(opsPort), OPS_HOST: '127.0.0.1', ...own[service] },
        stopMs: serviceStopMs,
      });
    };
    return {
      name: service,
      rank: service === 'gateway' ? 'gateway' : 'service',
      version: towerVersion,
      hasHeartbeat: true,
      start,
    };
  }

  private startProgram(
    name: string,
    app: string,
    program: { args: readonly string[]; env: NodeJS.ProcessEnv; stopMs: number },
  ): Promise<RunningPart> {
    const { env, hub } = this.options;
    const { user, stayRootBecause } = this.services;
    const asRoot = stayRootBecause.length === 0 ? {} : { TOWER_RUNS_AS_ROOT: rootWarning(stayRootBecause) };
    const common = {
      DATABASE_URL: this.databaseUrl,
      LOG_LEVEL: env.LOG_LEVEL,
      TOWER_LIBRARY: env.TOWER_LIBRARY,
      TOWER_HOME: env.TOWER_HOME,
    };
    // Secrets of others: no child inherits them.
    const ofOthers = [...natsUrlVariables, ...this.cardVariables, 'ECHO_URL'];
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([variable]) => !ofOthers.includes(variable)),
    );
    return startNodeProgram({
      ...program,
      script: join(repositoryRoot, 'apps', app, 'dist', 'main.js'),
      cwd: repositoryRoot,
      user,
      env: { ...inherited, ...common, ...asRoot, ...program.env },
      onLine: (stream, line) => hub.take(name, stream, line),
    });
  }

  private async supervise(part: Part): Promise<void> {
    this.stopping.signal.throwIfAborted();
    const supervisor = new Supervisor(part, { runDirectory: this.home.run, logger: this.logger, clock: this.clock });
    this.supervisors.push(supervisor);
    await supervisor.start();
  }

  private async toldPort(name: string): Promise<number> {
    const port = this.toldPorts.get(name) ?? (await this.ports.take(name));
    this.toldPorts.set(name, port);
    return port;
  }

  /** Prometheus, which runs as somebody else, reads it whenever it changes (`file_sd_configs`). */
  private writePrometheusTargets(): void {
    const targets = [...this.opsPorts].map(([service, port]) => ({
      targets: [`127.0.0.1:${port}`],
      labels: { service },
    }));
    writeWhole(this.home.prometheusTargets, `${JSON.stringify(targets, null, 2)}\n`, 0o644);
  }

  private async untilHealthy(): Promise<void> {
    for (;;) {
      const waitingFor = this.supervisors
        .filter((supervisor) => supervisor.incarnation()?.readyAtMs === undefined)
        .map(({ part }) => part.name);
      // The gateway would log every question that it has to answer with 503.
      const missing = waitingFor.length === 0 ? await whatIsMissing(this.url) : [];
      if (waitingFor.length === 0 && missing === undefined) return;
      const reasons = missing?.length ? `waiting: ${missing.join('; ')}` : 'waiting until everything answers';
      this.progress(waitingFor.length === 0 ? reasons : `waiting for ${waitingFor.join(', ')}`);
      await sleep(healthPollMs, undefined, { signal: this.stopping.signal });
    }
  }

  private progress(sentence: string): void {
    this.options.onProgress?.(sentence);
  }
}

/** The gateway's own opinion: every part that it needs works. */
export const isHealthy = async (url: string): Promise<boolean> => (await whatIsMissing(url)) === undefined;

/**
 * Undefined when every part works, else what those say that run and lack something: a start waits for these in vain
 * until somebody reads it.
 */
async function whatIsMissing(url: string): Promise<string[] | undefined> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) });
    const parts = Object.entries(((await response.json()) as Partial<HealthView>).parts ?? {});
    if (response.status === 200) return undefined;
    return parts
      .filter(([, part]) => part.detail.startsWith('degraded; '))
      .map(([name, { detail }]) => `${name} is ${detail}`);
  } catch {
    return [];
  }
}

/** An address to connect to; what listens everywhere also listens on the loopback. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
