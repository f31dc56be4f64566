import path from 'node:path';
import { Card } from '../card/card';
import { cardProfiles, type CardProfileId } from '../card/card-profile';
import { Clock } from '../clock';
import { Folders } from '../files/folders';
import { getGeneration } from '../generation';
import { Picture } from '../pictures/picture';
import { emptyRecipe, type Motion } from '../pictures/recipe';
import { standardPrinting } from '../pictures/tensor-text';
import { isDict, type PyDict, type PyValue } from '../python/values';
import type { Preview } from '../socket/frames';
import { NodeCall, type NodeResult, type NodeRuntime } from './node-behaviour';
import { behavioursFor } from './node-behaviours';
import { ImageValue, type NodeValue } from './node-value';

/** Runs single nodes for specs, with real folders below `home` and no server around them. */
export class NodeBench {
  readonly clock = new Clock();
  readonly ticks: string[] = [];
  readonly previews: Preview[] = [];
  private readonly behaviours = behavioursFor(getGeneration('0.3.64'), true);
  private readonly folders: Folders;

  constructor(readonly home: string) {
    this.folders = new Folders(home);
    this.folders.prepare();
  }

  async run(classType: string, inputs: Record<string, NodeValue>, profile: CardProfileId = 'cpu'): Promise<NodeResult> {
    const prompt: PyDict = new Map([['1', 'the "graph"; with = and # \\ in it']]);
    const call = new NodeCall(
      '1',
      classType,
      new Map(Object.entries(inputs)),
      prompt,
      new Map(),
      this.runtime(profile),
    );
    const result = await this.behaviours.get(classType)?.run(call);
    if (result === undefined || 'nodes' in result) throw new Error(`${classType} gave no result`);
    return result;
  }

  /** The file behind the first entry that a node shows under `key`. */
  fileOf({ ui }: NodeResult, key: string): string {
    const { filename, subfolder, type } = shownIn(ui, key);
    return path.join(this.home, String(type), String(subfolder), String(filename));
  }

  private runtime(profile: CardProfileId): NodeRuntime {
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      card: new Card(cardProfiles[profile], 1),
      folders: this.folders,
      previews: false,
      previewSize: 512,
      writesMetadata: true,
      gone: this.clock.gone,
      printing: { ...standardPrinting },
      hasModel: () => true,
      modelsIn: () => [],
      findsFace: () => true,
      blackens: () => false,
      readModel: nothing,
      work: nothing,
      pause: nothing,
      strike: nothing,
      throwIfInterrupted: () => undefined,
      log: () => undefined,
      tick: (value, max, preview) => {
        this.ticks.push(`${value}/${max}`);
        if (preview !== undefined) this.previews.push(preview);
        return Promise.resolve();
      },
    };
  }
}

export function shownIn(ui: PyDict | undefined, key: string): Record<string, PyValue> {
  const list = ui?.get(key);
  const entry = Array.isArray(list) ? (list[0] ?? null) : null;
  if (!isDict(entry)) throw new Error(`no ${key} in the ui`);
  return Object.fromEntries(entry);
}

/** Frames of a drawn film. */
export function drawnFilm(
  count: number,
  closed: boolean,
  seed = '7',
  [width, height]: readonly [number, number] = [96, 128],
): ImageValue {
  const frame = (motion: Motion): Picture =>
    Picture.drawn(
      {
        ...emptyRecipe(0),
        positive: '1girl, twintails, forest',
        seed,
        steps: 20,
        cfg: 6,
        model: 'anime_sd15.safetensors',
        sampled: true,
        motion,
      },
      width,
      height,
    );
  return new ImageValue(Array.from({ length: count }, (_, index) => frame({ index, count, closed })));
}
