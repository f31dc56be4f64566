import path from 'node:path';
import { Card } from './card/card';
import { cardProfiles, type CardProfileId } from './card/card-profile';
import { defaultInventory } from './card/model-inventory';
import { Clock, ProcessGone } from './clock';
import { Executor } from './execution/executor';
import { InterruptFlag } from './execution/interruption';
import { NodeCache } from './execution/node-cache';
import { nodeRuntime } from './execution/node-runtime';
import { Worker } from './execution/worker';
import { ExecutionLog, type ExecutionLogEntry } from './execution-log';
import { Faults, type Fault } from './faults';
import { Folders } from './files/folders';
import { getGeneration, type GenerationId } from './generation';
import { History } from './history';
import { assetsRoutes } from './http/assets-routes';
import { Door } from './http/door';
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
  readonly faults?: readonly Fault[];
  readonly models?: ModelInventory;
  /** Model files that are listed and hold nothing. */
  readonly emptyModels?: readonly string[];
  /** In which pictures InsightFace finds a face; by default in those this simulator drew and in files named `face` or `portrait`. */
  readonly faces?: FaceRule;
  readonly historyDelayMs?: number;
  /** Adds small nodes that tick, sleep, raise, block or expand. */
  readonly toys?: boolean;
  /** Adds the classes of six node packs. */
  readonly packs?: boolean;
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

const defaults = { host: '127.0.0.1', timeScale: 0.1, seed: 1, maxUploadMegabytes: 100, historyDelayMs: 5, previewSize: 512 };
const megabyte = 1024 * 1024;

/** Builds one server, opens its port and starts its worker and its publisher. */
export async function startComfySim(options: ComfySimOptions): Promise<RunningComfySim> {
  const settings = { ...defaults, profile: 'rtx3060' as CardProfileId, generation: '0.3.64' as GenerationId, ...options };
  const generation = getGeneration(settings.generation);
  const profile = cardProfiles[settings.onCpu === true ? 'cpu' : settings.profile];
  const card = new Card({ ...profile, reservedVramBytes: settings.reservedVramBytes ?? profile.reservedVramBytes }, settings.seed);
  const models = settings.models ?? defaultInventory;
  const clock = new Clock();
  const folders = new Folders(path.resolve(settings.home), { output: settings.outputFolder, input: settings.inputFolder, temp: settings.tempFolder });
  folders.prepare();
  const logs = new LogRing();
  const log = (line: string): void => logs.add(line);
  const executionLog = new ExecutionLog(settings.profile, clock, settings.executionLogFile);
  const faults = new Faults();
  for (const fault of settings.faults ?? []) faults.arm(fault);

  const registry = new NodeRegistry(models, () => folders.names('input'));
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
  const publisher = new Publisher(clock, (error) => {
    log(`publisher: ${String(error)}`);
    crash(1);
  });
  const statusOf = (): PyDict => dict({ exec_info: dict({ queue_remaining: queue.remaining }) });
  const onStatus = (): void => publisher.publish('status', dict({ status: statusOf() }), null);
  const queue: PromptQueue = new PromptQueue(onStatus);
  const history = new History();
  const interrupt = new InterruptFlag();
  const executor = new Executor({
    registry, behaviours, folders, cache: new NodeCache(settings.cache ?? { kind: generation.cache }), publisher, interrupt, clock, log, historyListsCached: generation.historyListsCached,
    previewMethodPerPrompt: generation.previewMethodPerPrompt,
    runtimeFor: nodeRuntime({
      card, models, emptyModels: new Set(settings.emptyModels), faces: settings.faces ?? 'drawn', folders, clock, faults, interrupt, log, crash: () => crash(137), timeScale: settings.timeScale,
      previews: (settings.previewMethod ?? 'latent2rgb') !== 'none', previewSize: settings.previewSize ?? defaults.previewSize,
      writesMetadata: settings.writesMetadata ?? true,
    }),
    onOutOfMemory: () => card.unloadAll(),
  });
  const worker = new Worker({
    queue, history, executor, publisher, executionLog, faults, clock, historyDelayMs: settings.historyDelayMs, onStatus, log,
    unloadModels: () => card.unloadAll(),
  });

  const maxUploadBytes = Math.floor(settings.maxUploadMegabytes * megabyte);
  const features = serverFeatures(generation, maxUploadBytes, settings);
  const sockets = new SocketDoor({
    publisher, statusOf, log, features,
    currentNodeOf: (sid) => (executor.clientId === sid ? executor.lastNodeId : null),
  });
  const replacements = generation.jobs ? new NodeReplacements(readObjectInfo('0.33', 'replacements')) : undefined;
  const rules = { registry, checks: fileChecks(folders), generation };
  const argv = settings.argv ?? ['main.py', '--simulated', settings.profile];
  const router = new Router([
    ...promptRoutes({ queue, rules, executionLog, faults, log, replacements }),
    ...queueRoutes({ queue, history, worker, interrupt, log }),
    ...viewRoutes(folders, generation), ...uploadRoutes(folders),
    ...infoRoutes({ registry, card, models, generation, argv, features }),
    ...internalRoutes({ logs, folders, publisher, generation }),
    ...(generation.jobs ? [...jobsRoutes({ jobs: new Jobs(queue, history), queue, interrupt }), ...assetsRoutes] : []),
    ...simRoutes(faults, () => ({
      card: settings.profile, generation: settings.generation, timeScale: settings.timeScale, queueRemaining: queue.remaining,
      running: queue.running?.promptId ?? null, node: executor.lastNodeId, workerDead: worker.isDead, sockets: publisher.connectedIds(),
      residentModels: card.residentModels(), faults: faults.list(), executionLog: executionLog.entries.slice(-20),
    })),
  ]);
  const door = new Door(router, (request, socket, head) => sockets.accept(request, socket, head), {
    host: settings.host, maxBodyBytes: maxUploadBytes, refusesCrossSite: generation.crossSiteRefused, log,
    corsOrigin: settings.corsOrigin, compresses: settings.compresses === true,
  });

  let dead: Promise<void> | undefined;
  const die = (): Promise<void> => {
    clock.stop();
    dead ??= door.slam().then(() => executionLog.close());
    return dead;
  };

  const port = await door.open(settings.port ?? 0);
  executionLog.boot({ pid: process.pid, generation: settings.generation, port });
  const url = `http://${settings.host}:${port}`;
  log('Starting server\n');
  log(`To see the GUI go to: ${url}`);
  for (const actor of [worker.run(), publisher.run()]) actor.catch(unlessGone);
  faults.onChange(() => applyStanding(faults, card, door, publisher, clock));
  applyStanding(faults, card, door, publisher, clock);
  return { url, port, faults, executionLog: () => executionLog.entries, stop: die, kill: die };
}

/** Faults that are states of the server rather than strikes at a moment. */
function applyStanding(faults: Faults, card: Card, door: Door, publisher: Publisher, clock: Clock): void {
  card.slowness = faults.isArmed('slow')?.factor ?? 1;
  const stall = faults.strike('stall-publisher');
  if (stall !== undefined) publisher.hold(stall.ms ?? 1000);
  const refusal = faults.strike('refuse');
  if (refusal !== undefined) {
    const end = refusal.ms === undefined ? clock.forever() : clock.wait(refusal.ms);
    door.refuse(end).catch(unlessGone);
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ProcessGone)) throw error;
}
