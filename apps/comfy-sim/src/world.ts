import path from 'node:path';
import { Card } from './card/card';
import { cardProfiles, type CardProfile } from './card/card-profile';
import { inventoryOf } from './card/model-inventory';
import { Clock } from './clock';
import { ExecutionLog } from './execution-log';
import { EventLoop } from './faults/event-loop';
import { Faults } from './faults/faults';
import { visibleModels } from './faults/knowledge-faults';
import { ProcessState } from './faults/process-state';
import { Folders } from './files/folders';
import { getGeneration, type Generation } from './generation';
import { LogRing } from './log-ring';
import { behavioursFor } from './nodes/node-behaviours';
import type { NodeBehaviour } from './nodes/node-behaviour';
import { toyBehaviours, toyObjectInfo } from './nodes/toy-nodes';
import { NodeRegistry, readObjectInfo, type ModelInventory } from './object-info/node-registry';
import type { Settings } from './settings';

/** What a simulated server stands on: a card, a disk, a clock, and what is to go wrong. */
export interface World {
  readonly settings: Settings;
  readonly generation: Generation;
  readonly profile: CardProfile;
  readonly card: Card;
  readonly clock: Clock;
  readonly loop: EventLoop;
  readonly faults: Faults;
  /** What the server lists; a model that a fault took away is not among them. */
  readonly models: ModelInventory;
  readonly state: ProcessState;
  readonly folders: Folders;
  readonly logs: LogRing;
  readonly executionLog: ExecutionLog;
  log(line: string): void;
}

/** @throws Error as the imitated version does, when its flags do not let it start */
export function buildWorld(settings: Settings): World {
  const profile = cardProfiles[settings.onCpu === true ? 'cpu' : settings.profile];
  const clock = new Clock();
  const faults = new Faults();
  for (const fault of settings.faults ?? []) faults.arm(fault);
  if (settings.assets === true && faults.strike('second-instance') !== undefined)
    throw new Error('ASSETS_STARTUP_FAILED: in_use');
  const folders = new Folders(path.resolve(settings.home), {
    output: settings.outputFolder,
    input: settings.inputFolder,
    temp: settings.tempFolder,
  });
  folders.prepare();
  folders.isRaced = () => faults.strike('file-race') !== undefined;
  const logs = new LogRing();
  return {
    settings,
    generation: getGeneration(settings.generation),
    profile,
    card: new Card(
      { ...profile, reservedVramBytes: settings.reservedVramBytes ?? profile.reservedVramBytes },
      settings.seed,
    ),
    clock,
    loop: new EventLoop(clock),
    faults,
    models: visibleModels(inventoryFor(settings), (file) =>
      faults.all('missing-model').some(({ node }) => node === file),
    ),
    state: new ProcessState(),
    folders,
    logs,
    executionLog: new ExecutionLog(settings.profile, clock, settings.executionLogFile),
    log: (line) => logs.add(line),
  };
}

/** The node classes that the server describes, and what each of them does. */
export interface Nodes {
  readonly registry: NodeRegistry;
  readonly behaviours: Map<string, NodeBehaviour>;
}

export function buildNodes({ settings, generation, folders }: World): Nodes {
  const registry = new NodeRegistry(inventoryFor(settings), () => folders.names('input'));
  registry.add(readObjectInfo(settings.generation, 'core'));
  // Recorded on 0.3.64 only; the packs describe themselves alike on both.
  const hasPacks = settings.packs === true && settings.customNodes !== false;
  if (hasPacks) registry.add(readObjectInfo('0.3.64', 'packs'));
  const behaviours = behavioursFor(generation, hasPacks);
  if (settings.toys === true && settings.customNodes !== false) {
    registry.add(toyObjectInfo());
    for (const [name, behaviour] of toyBehaviours(generation)) behaviours.set(name, behaviour);
  }
  return { registry, behaviours };
}

const inventoryFor = (settings: Settings): ModelInventory => settings.models ?? inventoryOf(settings.packs === true);
