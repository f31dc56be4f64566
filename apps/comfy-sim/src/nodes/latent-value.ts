import type { VaeKind } from '../card/activations';
import { decoderWeights, type Weights } from '../card/model-weights';
import { tensorText, type TensorPrinting } from '../pictures/tensor-text';
import type { DrawingRecipe } from '../pictures/recipe';

/** How pictures lie in a latent. */
export interface LatentLayout {
  readonly channels: number;
  /** Pixels along one side of a cell. */
  readonly cell: number;
  /** Five dimensions: the recipes are the pictures of one or more clips, four to a latent frame. */
  readonly isVideo: boolean;
  /** Clips of a video latent. */
  readonly clips: number;
}

export const stillLayout: LatentLayout = { channels: 4, cell: 8, isVideo: false, clips: 1 };

/** Frames of a video latent that hold so many pictures, and the pictures that come out of them. */
export const latentFrames = (pictures: number): number => Math.floor((pictures - 1) / 4) + 1;
export const pictureFrames = (frames: number): number => (frames - 1) * 4 + 1;

/** Sizes in pixels, not in latent cells. `recipes` say what each picture will show once it is decoded. */
export class LatentValue {
  constructor(
    readonly width: number,
    readonly height: number,
    readonly recipes: readonly DrawingRecipe[],
    readonly layout: LatentLayout = stillLayout,
    /** What else the dictionary holds, as text. */
    private readonly notes = '',
    /** A sampler stopped in the middle; another one goes on from there. */
    readonly isUnfinished = false,
  ) {}

  /** Pictures of a batch, or latent frames of all clips: what a network goes over at once. */
  get frames(): number {
    return this.layout.isVideo
      ? this.layout.clips * latentFrames(this.recipes.length / this.layout.clips)
      : this.recipes.length;
  }

  get batch(): number {
    return this.recipes.length;
  }

  /** Cells of one frame. */
  get cells(): number {
    return (this.width / this.layout.cell) * (this.height / this.layout.cell);
  }

  with(changes: {
    recipes?: readonly DrawingRecipe[];
    width?: number;
    height?: number;
    channels?: number;
    isUnfinished?: boolean;
  }): LatentValue {
    return new LatentValue(
      changes.width ?? this.width,
      changes.height ?? this.height,
      changes.recipes ?? this.recipes,
      { ...this.layout, channels: changes.channels ?? this.layout.channels },
      '',
      changes.isUnfinished ?? false,
    );
  }

  toString(printing?: TensorPrinting): string {
    const { channels, cell, isVideo, clips } = this.layout;
    const zeros = Array.from({ length: this.width / cell }, () => 0);
    const shape = isVideo
      ? [clips, channels, this.frames / clips, this.height / cell]
      : [this.batch, channels, this.height / cell];
    return `{'samples': ${tensorText(shape, zeros, printing)}${this.notes}}`;
  }
}

const kinds: readonly (readonly [RegExp, VaeKind])[] = [
  [/wan.?2[._]2/i, 'wan2.2'],
  [/wan/i, 'wan2.1'],
  [/cogvideo/i, 'cogvideox'],
];
const layouts: Record<VaeKind, LatentLayout> = {
  still: stillLayout,
  'wan2.1': { channels: 16, cell: 8, isVideo: true, clips: 1 },
  'wan2.2': { channels: 48, cell: 16, isVideo: true, clips: 1 },
  cogvideox: { channels: 16, cell: 8, isVideo: true, clips: 1 },
};

export class VaeValue {
  constructor(readonly file: string) {}

  get kind(): VaeKind {
    return kinds.find(([pattern]) => pattern.test(this.file))?.[1] ?? 'still';
  }

  get layout(): LatentLayout {
    return layouts[this.kind];
  }

  get weights(): Weights {
    return decoderWeights(this.file);
  }

  toString(): string {
    return '<comfy.sd.VAE object at 0x7f0000000030>';
  }
}
