import { assignOutputs, withAssetIds } from './assets/asset-outputs';
import { AssetStore } from './assets/asset-store';
import { shownDevices } from './card/card-profile';
import { Executor } from './execution/executor';
import { InterruptFlag } from './execution/interruption';
import { NodeCache } from './execution/node-cache';
import { nodeRuntime } from './execution/node-runtime';
import { Worker } from './execution/worker';
import { HttpFaults } from './faults/http-faults';
import { KnowledgeFaults } from './faults/knowledge-faults';
import { ResultFaults } from './faults/result-faults';
import { ServerFaults, unlessGone } from './faults/server-faults';
import { SocketFaults } from './faults/socket-faults';
import { History } from './history';
import { assetsRoutes } from './http/assets-routes';
import { Door } from './http/door';
import { Gate } from './http/gate';
import { infoRoutes } from './http/info-routes';
import { internalRoutes } from './http/internal-routes';
import { jobsRoutes } from './http/jobs-routes';
import { promptRoutes } from './http/prompt-routes';
import { queueRoutes } from './http/queue-routes';
import { Router, type Route } from './http/router';
import { simRoutes } from './http/sim-routes';
import { serverFeatures } from './http/system-view';
import { uploadRoutes } from './http/upload-routes';
import { viewRoutes } from './http/view-routes';
import { Jobs } from './jobs';
import { fileChecks } from './nodes/node-behaviours';
import { readObjectInfo } from './object-info/node-registry';
import { standardPrinting } from './pictures/tensor-text';
import { dict, type PyDict } from './python/values';
import { PromptQueue } from './queue/prompt-queue';
import { assetsFile, tlsOf } from './settings';
import { Publisher } from './socket/publisher';
import { SocketDoor } from './socket/socket-door';
import { NodeReplacements } from './validation/node-replacements';
import { buildNodes, type Nodes, type World } from './world';

const megabyte = 1024 * 1024;

/** One server: its queue, its worker, its doors, and the faults that befall them. */
export class SimulatedServer {
  private readonly nodes: Nodes;
  private readonly socketFaults: SocketFaults;
  private readonly publisher: Publisher;
  private readonly queue: PromptQueue;
  private readonly history = new History();
  private readonly interrupt: InterruptFlag;
  private readonly results: ResultFaults;
  private readonly assets: AssetStore | undefined;
  private readonly executor: Executor;
  private readonly worker: Worker;
  private readonly maxUploadBytes: number;
  private readonly features: ReturnType<typeof serverFeatures>;
  private readonly sockets: SocketDoor;
  private readonly httpFaults: HttpFaults;
  private readonly gate: Gate;
  private readonly door: Door;
  private readonly serverFaults: ServerFaults;
  private dead: Promise<void> | undefined;

  constructor(private readonly world: World) {
    const { settings, generation, clock, faults, folders, loop, models, state } = world;
    this.nodes = buildNodes(world);
    this.socketFaults = new SocketFaults(faults);
    this.publisher = this.makePublisher();
    loop.onBlock((ms) => this.publisher.block(ms));
    this.queue = new PromptQueue(
      () => this.tellStatus(),
      ({ promptId }) => this.world.executionLog.removed({ prompt_id: promptId }),
    );
    this.interrupt = new InterruptFlag(faults);
    this.results = new ResultFaults(faults, folders);
    this.assets =
      settings.assets === true && generation.jobs ? new AssetStore(folders, assetsFile(settings), models) : undefined;
    this.executor = this.makeExecutor();
    this.worker = this.makeWorker();
    this.maxUploadBytes = Math.floor(settings.maxUploadMegabytes * megabyte);
    this.features = serverFeatures(generation, this.maxUploadBytes, settings);
    this.sockets = this.makeSockets();
    this.httpFaults = new HttpFaults(faults, state, loop, clock);
    this.gate = new Gate(settings.gate);
    this.door = this.makeDoor();
    this.serverFaults = this.makeServerFaults();
  }

  /** Opens the port and sets everything going. Resolves to the port and the address. */
  async open(): Promise<{ url: string; port: number }> {
    const { settings, executionLog, faults, log } = this.world;
    const port = await this.door.open(settings.port ?? 0);
    executionLog.boot({ pid: process.pid, generation: settings.generation, port });
    const url = `http${tlsOf(settings) === undefined ? '' : 's'}://${settings.host}:${port}${this.gate.prefix}`;
    log('Starting server\n');
    log(`To see the GUI go to: ${url}`);
    for (const actor of [this.worker.run(), this.publisher.run()]) actor.catch(unlessGone);
    this.socketFaults.attach(this.publisher, url);
    faults.onChange(() => this.serverFaults.apply());
    this.serverFaults.apply();
    return { url, port };
  }

  /** The process is gone: sockets see 1006. Resolves when the port is free. */
  die(): Promise<void> {
    this.world.clock.stop();
    this.socketFaults.stop();
    this.assets?.close();
    this.dead ??= this.door.slam().then(() => this.world.executionLog.close());
    return this.dead;
  }

  private crash(exitCode: number): void {
    const { onCrash } = this.world.settings;
    if (onCrash === undefined) void this.die();
    else onCrash(exitCode);
  }

  private statusOf(): PyDict {
    return dict({ exec_info: dict({ queue_remaining: this.queue.remaining }) });
  }

  private tellStatus(): void {
    this.publisher.publish('status', dict({ status: this.statusOf() }), null);
  }

  private makePublisher(): Publisher {
    const { clock, log } = this.world;
    return new Publisher(
      clock,
      (error) => {
        log(`publisher: ${String(error)}`);
        this.crash(1);
      },
      this.socketFaults,
    );
  }

  private makeExecutor(): Executor {
    const { settings, generation, card, clock, faults, folders, log } = this.world;
    const printing = { ...standardPrinting };
    return new Executor({
      results: this.results,
      printing,
      enrich: (ui) => (this.assets === undefined ? ui : withAssetIds(ui, this.assets, folders)),
      onStart() {
        if (faults.strike('zombie-worker') !== undefined) throw new Error('the worker thread was killed by a fault');
      },
      ...this.nodes,
      folders,
      cache: new NodeCache(settings.cache ?? { kind: generation.cache }),
      publisher: this.publisher,
      interrupt: this.interrupt,
      clock,
      log,
      historyListsCached: generation.historyListsCached,
      previewMethodPerPrompt: generation.previewMethodPerPrompt,
      readsDriverErrors: generation.readsDriverErrors,
      runtimeFor: this.runtimeWith(printing),
      onOutOfMemory: () => card.unloadAll(),
    });
  }

  private runtimeWith(printing: typeof standardPrinting): ReturnType<typeof nodeRuntime> {
    const { settings, generation, card, models, folders, clock, faults, state, loop, log } = this.world;
    return nodeRuntime({
      card,
      models,
      emptyModels: new Set(settings.emptyModels),
      faces: settings.faces ?? 'drawn',
      folders,
      clock,
      faults,
      state,
      loop,
      interrupt: this.interrupt,
      log,
      crash: (exitCode) => this.crash(exitCode),
      timeScale: settings.timeScale,
      throttlesProgress: generation.throttlesProgress,
      printing,
      previews: (settings.previewMethod ?? 'latent2rgb') !== 'none',
      previewSize: settings.previewSize,
      writesMetadata: settings.writesMetadata ?? true,
    });
  }

  private makeWorker(): Worker {
    const { settings, card, clock, faults, executionLog, log } = this.world;
    return new Worker({
      queue: this.queue,
      history: this.history,
      executor: this.executor,
      publisher: this.publisher,
      executionLog,
      faults,
      clock,
      historyDelayMs: settings.historyDelayMs,
      onStatus: () => this.tellStatus(),
      log,
      unloadModels: () => card.unloadAll(),
      onPrompt: () => {
        this.serverFaults.onPrompt();
        if (this.assets?.takeScan() !== true) return;
        this.publisher.publish('assets.seed.started', dict({ roots: ['output'], phase: 'enrich' }), null);
        this.publisher.publish('assets.seed.paused', dict({}), null);
      },
      onFinished: (id, outputs) => {
        if (this.assets !== undefined) assignOutputs(id, outputs, this.assets);
        this.serverFaults.onFinished(id, outputs);
      },
    });
  }

  private makeSockets(): SocketDoor {
    const { faults, log } = this.world;
    return new SocketDoor({
      publisher: this.publisher,
      statusOf: () => this.statusOf(),
      log,
      features: this.features,
      refusesUpgrade: () => faults.isArmed('refuse-upgrade') !== undefined,
      currentNodeOf: (sid) => (this.executor.clientId === sid ? this.executor.lastNodeId : null),
    });
  }

  private makeDoor(): Door {
    const { settings, generation, log } = this.world;
    return new Door(new Router(this.routes()), (request, socket, head) => this.sockets.accept(request, socket, head), {
      gate: this.gate,
      tls: tlsOf(settings),
      host: settings.host,
      maxBodyBytes: this.maxUploadBytes,
      refusesCrossSite: generation.crossSiteRefused,
      log,
      corsOrigin: settings.corsOrigin,
      compresses: settings.compresses === true,
      before: (route) => this.httpFaults.before(route),
    });
  }

  private routes(): Route[] {
    const { queue, history, worker, interrupt, httpFaults, publisher, assets, nodes } = this;
    const { generation, executionLog, faults, clock, log, folders, logs } = this.world;
    const replacements = generation.jobs ? new NodeReplacements(readObjectInfo('0.33', 'replacements')) : undefined;
    const rules = { registry: nodes.registry, checks: fileChecks(folders), generation };
    return [
      ...promptRoutes({ queue, rules, executionLog, faults, httpFaults, clock, log, replacements }),
      ...queueRoutes({ queue, history, worker, interrupt, log }),
      ...viewRoutes(folders, generation, assets),
      ...uploadRoutes(folders, faults, assets),
      ...infoRoutes(this.infoDesk()),
      ...internalRoutes({ logs, folders, publisher, generation }),
      ...(generation.jobs
        ? [...jobsRoutes({ jobs: new Jobs(queue, history), queue, interrupt }), ...assetsRoutes(assets)]
        : []),
      ...simRoutes(faults, () => this.ownView()),
    ];
  }

  private infoDesk(): Parameters<typeof infoRoutes>[0] {
    const { settings, generation, card, profile, models } = this.world;
    return {
      registry: this.nodes.registry,
      card,
      shown: settings.device === undefined ? profile : shownDevices[settings.device],
      models,
      metadata: settings.metadata ?? {},
      generation,
      argv: settings.argv ?? ['main.py', '--simulated', settings.profile],
      features: this.features,
      leakedBytes: () => this.serverFaults.leakedBytes(),
    };
  }

  /** What no ComfyUI tells: the simulator about itself. */
  private ownView(): Record<string, unknown> {
    const { settings, card, faults, executionLog } = this.world;
    return {
      card: settings.profile,
      generation: settings.generation,
      timeScale: settings.timeScale,
      queueRemaining: this.queue.remaining,
      running: this.queue.running?.promptId ?? null,
      node: this.executor.lastNodeId,
      workerDead: this.worker.isDead,
      sockets: this.publisher.connectedIds(),
      residentModels: card.residentModels(),
      faults: faults.list(),
      executionLog: executionLog.entries.slice(-20),
    };
  }

  private makeServerFaults(): ServerFaults {
    const { faults, state, card, clock, loop, folders, log } = this.world;
    return new ServerFaults({
      faults,
      state,
      card,
      clock,
      loop,
      door: this.door,
      queue: this.queue,
      history: this.history,
      folders,
      results: this.results,
      log,
      sockets: this.socketFaults,
      knowledge: new KnowledgeFaults(faults, this.nodes.registry, log),
    });
  }
}
