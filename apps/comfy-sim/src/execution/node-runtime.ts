import type { Card } from '../card/card';
import { outOfMemoryError } from '../card/out-of-memory';
import type { Clock } from '../clock';
import type { Faults } from '../faults';
import type { Folders } from '../files/folders';
import { emptyFileError } from '../nodes/empty-file';
import { hasFace, type FaceRule } from '../nodes/face-rule';
import type { NodeRuntime } from '../nodes/node-behaviour';
import type { ModelInventory } from '../object-info/node-registry';
import type { NodePlace } from './executor';
import type { InterruptFlag } from './interruption';
import type { Progress } from './progress';

export interface Machine {
  readonly card: Card;
  readonly folders: Folders;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly interrupt: InterruptFlag;
  readonly timeScale: number;
  readonly previews: boolean;
  /** Longest side of a preview in pixels. */
  readonly previewSize: number;
  readonly writesMetadata: boolean;
  readonly models: ModelInventory;
  /** Files that are listed and hold nothing, as after a broken download. */
  readonly emptyModels: ReadonlySet<string>;
  readonly faces: FaceRule;
  readonly crash: () => void;
  readonly log: (line: string) => void;
}

/** What an armed fault pretends to have asked for. */
const faultBytes = 2 * 1024 ** 3;

/** taesd without its files falls back to latent2rgb, and so does auto. */
function drawsPreviews(asked: string | undefined, standard: boolean): boolean {
  if (asked === 'none') return false;
  return standard || ['latent2rgb', 'taesd', 'auto'].includes(asked ?? '');
}

/** The machine as one node sees it. Faults aimed at the node or one of its ticks strike here. */
export function nodeRuntime(machine: Machine): (node: NodePlace, progress: Progress) => NodeRuntime {
  const { card, folders, clock, faults, interrupt, timeScale } = machine;
  return ({ nodeId, classType, previewMethod }, progress) => {
    const strike = async (tick?: number): Promise<void> => {
      const where = { node: nodeId, classType, ...(tick === undefined ? {} : { tick }) };
      if (faults.strike('crash', where) !== undefined) {
        machine.crash();
        await clock.forever();
      }
      if (faults.strike('hang', where) !== undefined) await clock.forever();
      if (faults.strike('oom', where) !== undefined) throw outOfMemoryError(card.profile, faultBytes, card.profile.vramBytes - card.usedBytes());
    };
    return {
      card, folders, previews: drawsPreviews(previewMethod, machine.previews), previewSize: machine.previewSize, writesMetadata: machine.writesMetadata, log: machine.log, strike,
      hasModel: (folder, file) => machine.models[folder]?.includes(file) === true,
      modelsIn: (folder) => machine.models[folder] ?? [],
      findsFace: (picture) => hasFace(picture, machine.faces),
      async readModel(file, bytes) {
        if (machine.emptyModels.has(file)) throw emptyFileError(file);
        await clock.wait(card.readSeconds(file, bytes) * timeScale * 1000);
      },
      throwIfInterrupted: () => interrupt.throwIfRaised(),
      pause: (ms) => clock.wait(ms),
      work: (seconds) => clock.wait(seconds * timeScale * 1000),
      async tick(value, max, preview) {
        await strike(value);
        interrupt.throwIfRaised();
        progress.update(nodeId, value, max, preview);
      },
      blackens: () => faults.strike('black-image', { node: nodeId, classType }) !== undefined,
    };
  };
}
