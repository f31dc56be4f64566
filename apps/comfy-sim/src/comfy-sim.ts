import { readFileSync } from 'node:fs';
import path from 'node:path';
import { assignOutputs, withAssetIds } from './assets/asset-outputs';
import { AssetStore } from './assets/asset-store';
import { Card } from './card/card';
import { cardProfiles, shownDevices, type CardProfileId, type ShownDeviceId } from './card/card-profile';
import { inventoryOf } from './card/model-inventory';
import { Clock } from './clock';
import { Executor } from './execution/executor';
import { InterruptFlag } from './execution/interruption';
import { NodeCache } from './execution/node-cache';
import { nodeRuntime } from './execution/node-runtime';
import { Worker } from './execution/worker';
import { ExecutionLog, type ExecutionLogEntry } from './execution-log';
import { EventLoop } from './faults/event-loop';
import { Faults, type Fault, type RandomFaults } from './faults/faults';
import { HttpFaults } from './faults/http-faults';
import { KnowledgeFaults, visibleModels } from './faults/knowledge-faults';
import { ProcessState } from './faults/process-state';
import { ResultFaults } from './faults/result-faults';
import { ServerFaults, unlessGone } from './faults/server-faults';
import { SocketFaults } from './faults/socket-faults';
import { Folders } from './files/folders';
import { getGeneration, type GenerationId } from './generation';
import { History } from './history';
import { assetsRoutes } from './http/assets-routes';
import { Door } from './http/door';
import { Gate, type GateOptions } from './http/gate';
import { infoRoutes } from './http/info-routes';
import { internalRoutes } from './http/internal-routes';
import { jobsRoutes } from './http/jobs-routes';
import { promptRoutes } from './http/prompt-routes';
import { queueRoutes } from './http/queue-routes';
import { Router } from './http/router';
import { simRoutes } from './http/sim-routes';
import { serverFeatures } from './http/system-view';
import { uploadRoutes } from './http/upload-routes';
import { viewRoutes } from './http/view-routes';
import { Jobs } from './jobs';
import type { LaunchFlags } from './launch-flags';
import { LogRing } from './log-ring';
import type { FaceRule } from './nodes/face-rule';
import { coreBehaviours, fileChecks, packBehaviours } from './nodes/node-behaviours';
import { toyBehaviours, toyObjectInfo } from './nodes/toy-nodes';
import { NodeRegistry, readObjectInfo, type ModelInventory } from './object-info/node-registry';
import { standardPrinting } from './pictures/tensor-text';
import { dict, type PyDict } from './python/values';
import { PromptQueue } from './queue/prompt-queue';
import { Publisher } from './socket/publisher';
import { NodeReplacements } from './validation/node-replacements';
import { SocketDoor } from './socket/socket-door';

export interface ComfySimOptions extends LaunchFlags {
  /** Below it lie output, input and temp, unless launch flags put them elsewhere. A restart keeps the first two. */
  readonly home: string;
  readonly profile?: CardProfileId;
  readonly generation?: GenerationId;
  /** Simulated seconds are multiplied by it; 0 runs as fast as it can. */
  readonly timeScale?: number;
  readonly seed?: number;
  readonly executionLogFile?: string;
  readonly faults?: readonly (Fault | RandomFaults)[];
  readonly models?: ModelInventory;
  /** What the headers of safetensors files say, by `folder/file` with `/` between sub-folders. */
  readonly metadata?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Model files that are listed and hold nothing. */
  readonly emptyModels?: readonly string[];
  /**
   * In which pictures InsightFace finds a face; by default in those this simulator drew and in files named `face` or
   * `portrait`.
   */
  readonly faces?: FaceRule;
  readonly historyDelayMs?: number;
  /** Adds small nodes that tick, sleep, raise, block or expand. */
  readonly toys?: boolean;
  /** Adds the classes of six node packs. */
  readonly packs?: boolean;
  /** What stands before the server: a login, a path. */
  readonly gate?: GateOptions;
  /** Another device than the profile's in /system_stats; it computes as the profile does. */
  readonly device?: ShownDeviceId;
  /** Shown in /system_stats. */
  readonly argv?: readonly string[];
  /** What a crash does; by default the simulated process dies within this one. */
  readonly onCrash?: (exitCode: number) => void;
}

export interface RunningComfySim {
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  executionLog(): readonly ExecutionLogEntry[];
  /** SIGTERM: ends at once, sockets see 1006. Resolves when the port is free. */
  stop(): Promise<void>;
  /** kill -9: the same for clients, and whatever ran stays without an end in the execution log. */
  kill(): Promise<void>;
}

const defaults = {
  host: '127.0.0.1',
  timeScale: 0.1,
  seed: 1,
  maxUploadMegabytes: 100,
  historyDelayMs: 5,
  previewSize: 512,
};
const megabyte = 1024 * 1024;

/** Builds one server, opens its port and starts its worker and its publisher. */
export async function startComfySim(options: ComfySimOptions): Promise<RunningComfySim> {
  const settings = {
    ...defaults,
    profile: 'rtx3060' as CardProfileId,
    generation: '0.3.64' as GenerationId,
    ...options,
  };
  const generation = getGeneration(settings.generation);
  const profile = cardProfiles[settings.onCpu === true ? 'cpu' : settings.profile];
  const card = new Card(
    { ...profile, reservedVramBytes: settings.reservedVramBytes ?? profile.reservedVramBytes },
    settings.seed,
  );
  const clock = new Clock();
  const faults = new Faults();
  for (const fault of settings.faults ?? []) faults.arm(fault);
  if (settings.assets === true && faults.strike('second-instance') !== undefined)
    throw new Error('ASSETS_STARTUP_FAILED: in_use');
  const models = visibleModels(settings.models ?? inventoryOf(settings.packs === true), (file) =>
    faults.all('missing-model').some(({ node }) => node === file),
  );
  const state = new ProcessState();
  const loop = new EventLoop(clock);
  const folders = new Folders(path.resolve(settings.home), {
    output: settings.outputFolder,
    input: settings.inputFolder,
    temp: settings.tempFolder,
  });
  folders.prepare();
  const logs = new LogRing();
  const log = (line: string): void => logs.add(line);
  const executionLog = new ExecutionLog(settings.profile, clock, settings.executionLogFile);
  folders.isRaced = () => faults.strike('file-race') !== undefined;

  const registry = new NodeRegistry(settings.models ?? inventoryOf(settings.packs === true), () =>
    folders.names('input'),
  );
  registry.add(readObjectInfo(settings.generation, 'core'));
  // Recorded on 0.3.64 only; the packs describe themselves alike on both.
  const hasPacks = settings.packs === true && settings.customNodes !== false;
  if (hasPacks) registry.add(readObjectInfo('0.3.64', 'packs'));
  const behaviours = coreBehaviours(generation);
  if (hasPacks) for (const [name, behaviour] of packBehaviours) behaviours.set(name, behaviour);
  if (settings.toys === true && settings.customNodes !== false) {
    registry.add(toyObjectInfo());
    for (const [name, behaviour] of toyBehaviours(generation)) behaviours.set(name, behaviour);
  }

  const crash = settings.onCrash ?? ((): void => void die());
  const socketFaults = new SocketFaults(faults);
  const publisher = new Publisher(
    clock,
    (error) => {
      log(`publisher: ${String(error)}`);
      crash(1);
    },
    socketFaults,
  );
  loop.onBlock((ms) => publisher.block(ms));
  const statusOf = (): PyDict => dict({ exec_info: dict({ queue_remaining: queue.remaining }) });
  const onStatus = (): void => publisher.publish('status', dict({ status: statusOf() }), null);
  const queue: PromptQueue = new PromptQueue(onStatus);
  const history = new History();
  const interrupt = new InterruptFlag(faults);
  const printing = { ...standardPrinting };
  const results = new ResultFaults(faults, folders);
  const assets =
    settings.assets === true && generation.jobs ? new AssetStore(folders, assetsFile(settings), models) : undefined;
  const executor = new Executor({
    results,
    printing,
    enrich: (ui) => (assets === undefined ? ui : withAssetIds(ui, assets, folders)),
    onStart() {
      if (faults.strike('zombie-worker') !== undefined) throw new Error('the worker thread was killed by a fault');
    },
    registry,
    behaviours,
    folders,
    cache: new NodeCache(settings.cache ?? { kind: generation.cache }),
    publisher,
    interrupt,
    clock,
    log,
    historyListsCached: generation.historyListsCached,
    previewMethodPerPrompt: generation.previewMethodPerPrompt,
    readsDriverErrors: generation.readsDriverErrors,
    runtimeFor: nodeRuntime({
      card,
      models,
      emptyModels: new Set(settings.emptyModels),
      faces: settings.faces ?? 'drawn',
      folders,
      clock,
      faults,
      state,
      loop,
      interrupt,
      log,
      crash,
      timeScale: settings.timeScale,
      throttlesProgress: generation.throttlesProgress,
      printing,
      previews: (settings.previewMethod ?? 'latent2rgb') !== 'none',
      previewSize: settings.previewSize ?? defaults.previewSize,
      writesMetadata: settings.writesMetadata ?? true,
    }),
    onOutOfMemory: () => card.unloadAll(),
  });
  const worker = new Worker({
    queue,
    history,
    executor,
    publisher,
    executionLog,
    faults,
    clock,
    historyDelayMs: settings.historyDelayMs,
    onStatus,
    log,
    unloadModels: () => card.unloadAll(),
    onPrompt() {
      serverFaults.onPrompt();
      if (assets?.takeScan() !== true) return;
      publisher.publish('assets.seed.started', dict({ roots: ['output'], phase: 'enrich' }), null);
      publisher.publish('assets.seed.paused', dict({}), null);
    },
    onFinished(id, outputs) {
      if (assets !== undefined) assignOutputs(id, outputs, assets);
      serverFaults.onFinished(id, outputs);
    },
  });

  const maxUploadBytes = Math.floor(settings.maxUploadMegabytes * megabyte);
  const features = serverFeatures(generation, maxUploadBytes, settings);
  const sockets = new SocketDoor({
    publisher,
    statusOf,
    log,
    features,
    refusesUpgrade: () => faults.isArmed('refuse-upgrade') !== undefined,
    currentNodeOf: (sid) => (executor.clientId === sid ? executor.lastNodeId : null),
  });
  const replacements = generation.jobs ? new NodeReplacements(readObjectInfo('0.33', 'replacements')) : undefined;
  const rules = { registry, checks: fileChecks(folders), generation };
  const argv = settings.argv ?? ['main.py', '--simulated', settings.profile];
  const httpFaults = new HttpFaults(faults, state, loop, clock);
  const router = new Router([
    ...promptRoutes({ queue, rules, executionLog, faults, httpFaults, clock, log, replacements }),
    ...queueRoutes({ queue, history, worker, interrupt, log }),
    ...viewRoutes(folders, generation, assets),
    ...uploadRoutes(folders, faults, assets),
    ...infoRoutes({
      registry,
      card,
      shown: settings.device === undefined ? profile : shownDevices[settings.device],
      models,
      metadata: settings.metadata ?? {},
      generation,
      argv,
      features,
      leakedBytes: () => serverFaults.leakedBytes(),
    }),
    ...internalRoutes({ logs, folders, publisher, generation }),
    ...(generation.jobs
      ? [...jobsRoutes({ jobs: new Jobs(queue, history), queue, interrupt }), ...assetsRoutes(assets)]
      : []),
    ...simRoutes(faults, () => ({
      card: settings.profile,
      generation: settings.generation,
      timeScale: settings.timeScale,
      queueRemaining: queue.remaining,
      running: queue.running?.promptId ?? null,
      node: executor.lastNodeId,
      workerDead: worker.isDead,
      sockets: publisher.connectedIds(),
      residentModels: card.residentModels(),
      faults: faults.list(),
      executionLog: executionLog.entries.slice(-20),
    })),
  ]);
  const gate = new Gate(settings.gate);
  const door = new Door(router, (request, socket, head) => sockets.accept(request, socket, head), {
    gate,
    tls: tlsOf(settings),
    host: settings.host,
    maxBodyBytes: maxUploadBytes,
    refusesCrossSite: generation.crossSiteRefused,
    log,
    corsOrigin: settings.corsOrigin,
    compresses: settings.compresses === true,
    before: (route) => httpFaults.before(route),
  });
  const serverFaults: ServerFaults = new ServerFaults({
    faults,
    state,
    card,
    clock,
    loop,
    door,
    queue,
    history,
    folders,
    results,
    log,
    sockets: socketFaults,
    knowledge: new KnowledgeFaults(faults, registry, log),
  });

  let dead: Promise<void> | undefined;
  const die = (): Promise<void> => {
    clock.stop();
    socketFaults.stop();
    assets?.close();
    dead ??= door.slam().then(() => executionLog.close());
    return dead;
  };

  await bootDelay(faults, clock);
  const port = await door.open(settings.port ?? 0);
  executionLog.boot({ pid: process.pid, generation: settings.generation, port });
  const url = `http${tlsOf(settings) === undefined ? '' : 's'}://${settings.host}:${port}${gate.prefix}`;
  log('Starting server\n');
  log(`To see the GUI go to: ${url}`);
  for (const actor of [worker.run(), publisher.run()]) actor.catch(unlessGone);
  socketFaults.attach(publisher, url);
  faults.onChange(() => serverFaults.apply());
  serverFaults.apply();
  return { url, port, faults, executionLog: () => executionLog.entries, stop: die, kill: die };
}

/** The real server speaks TLS when it is given both files, and plainly with one alone. */
function tlsOf({ tlsKeyFile, tlsCertFile }: LaunchFlags): { key: string; cert: string } | undefined {
  if (tlsKeyFile === undefined || tlsCertFile === undefined) return undefined;
  return { key: readFileSync(tlsKeyFile, 'utf8'), cert: readFileSync(tlsCertFile, 'utf8') };
}

/** Beside the database, as the flag names it or where the server has its own. */
function assetsFile({ databaseUrl, userFolder, home }: ComfySimOptions): string {
  const database =
    databaseUrl?.replace(/^sqlite:\/\/\//, '') ?? path.join(userFolder ?? path.join(home, 'user'), 'comfyui.db');
  return path.resolve(`${database}.assets.json`);
}

/** Real servers open their port when all packs are imported; until then connections are refused. */
async function bootDelay(faults: Faults, clock: Clock): Promise<void> {
  const delay = faults.strike('boot-delay');
  if (delay !== undefined) await clock.wait(delay.ms ?? 20_000);
}
