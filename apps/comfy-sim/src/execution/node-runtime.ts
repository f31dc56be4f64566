import { NodeFaults, type FaultBench } from '../faults/node-faults';
import type { Folders } from '../files/folders';
import { emptyFileError } from '../nodes/empty-file';
import { hasFace, type FaceRule } from '../nodes/face-rule';
import type { NodeRuntime } from '../nodes/node-behaviour';
import type { ModelInventory } from '../object-info/node-registry';
import type { TensorPrinting } from '../pictures/tensor-text';
import type { NodePlace } from './executor';
import type { Progress } from './progress';
import { ProgressThrottle } from './progress-throttle';

export interface Machine extends FaultBench {
  readonly folders: Folders;
  readonly timeScale: number;
  readonly previews: boolean;
  /** Longest side of a preview in pixels. */
  readonly previewSize: number;
  readonly writesMetadata: boolean;
  readonly models: ModelInventory;
  /** Files that are listed and hold nothing, as after a broken download. */
  readonly emptyModels: ReadonlySet<string>;
  readonly faces: FaceRule;
  readonly throttlesProgress: boolean;
  readonly printing: TensorPrinting;
}

/** taesd without its files falls back to latent2rgb, and so does auto. */
function drawsPreviews(asked: string | undefined, standard: boolean): boolean {
  if (asked === 'none') return false;
  return standard || ['latent2rgb', 'taesd', 'auto'].includes(asked ?? '');
}

/** The machine as one node sees it. Faults aimed at the node or one of its ticks strike here. */
export function nodeRuntime(machine: Machine): (node: NodePlace, progress: Progress) => NodeRuntime {
  const { card, folders, clock, faults, interrupt, timeScale } = machine;
  return (place, progress) => {
    const { nodeId, classType, previewMethod } = place;
    const struck = new NodeFaults(machine, place);
    const throttle = machine.throttlesProgress ? new ProgressThrottle() : undefined;
    let worked = 0;
    const work = (seconds: number): Promise<void> => {
      worked += seconds;
      return clock.wait(seconds * timeScale * 1000);
    };
    return {
      card,
      folders,
      gone: clock.gone,
      printing: machine.printing,
      log: machine.log,
      writesMetadata: machine.writesMetadata,
      previews: drawsPreviews(previewMethod, machine.previews),
      previewSize: machine.previewSize,
      strike: (shape) => struck.begin(shape),
      hasModel: (folder, file) => machine.models[folder]?.includes(file) === true,
      modelsIn: (folder) => machine.models[folder] ?? [],
      findsFace: (picture) => hasFace(picture, machine.faces),
      async readModel(file, bytes) {
        if (machine.emptyModels.has(file)) throw emptyFileError(file);
        await work(card.readSeconds(file, bytes));
      },
      throwIfInterrupted: () => interrupt.throwIfRaised(),
      pause: (ms) => {
        worked += ms / 1000;
        return clock.wait(ms);
      },
      work,
      async tick(value, max, preview) {
        await struck.tick(value);
        if (throttle?.lets(value, max, preview !== undefined, worked) === false) return;
        interrupt.throwIfRaised();
        progress.update(nodeId, value, max, preview);
      },
      blackens() {
        const where = { node: nodeId, classType };
        if (faults.strike('black-image', where) !== undefined) return true;
        if (faults.strike('nan-image', where) === undefined) return false;
        machine.log('RuntimeWarning: invalid value encountered in cast');
        return true;
      },
    };
  };
}
