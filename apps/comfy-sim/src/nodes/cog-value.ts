import type { ModelFamily } from '../card/model-family';
import type { Weights } from '../card/model-weights';
import type { Picture } from '../pictures/picture';
import type { DrawingRecipe } from '../pictures/recipe';

/**
 * Values of the CogVideoX wrapper. Their types are called as those of the core are, and what is inside is not the same.
 */
export class CogModelValue {
  constructor(
    readonly name: string,
    readonly family: ModelFamily,
    /** Goes to the card whole, or hardly at all when it is offloaded layer by layer. */
    readonly weights: Weights,
    readonly isOffloaded: boolean,
    readonly wantsPicture: boolean,
  ) {}
  toString(): string {
    return "{'model': <CogVideoXTransformer3DModel>, 'pipe': <CogVideoXPipeline>}";
  }
}

export class CogVaeValue {
  constructor(readonly weights: Weights) {}
  toString(): string {
    return 'AutoencoderKLCogVideoX()';
  }
}

/** A bare tensor, where the core has a list. */
export class CogConditioningValue {
  constructor(
    readonly text: string,
    readonly strength: number,
  ) {}
  toString(): string {
    return 'tensor([[[0., 0., 0.,  ..., 0., 0., 0.]]])';
  }
}

/** Latents with the frames before the channels: encoded pictures to begin and end with, or a sampled film. */
export class CogLatentValue {
  constructor(
    readonly width: number,
    readonly height: number,
    readonly guide: { readonly start?: Picture | undefined; readonly end?: Picture | undefined },
    readonly recipes: readonly DrawingRecipe[] = [],
  ) {}
  toString(): string {
    return "{'samples': tensor([[[[[0., 0., 0.,  ..., 0., 0., 0.]]]]])}";
  }
}

export class CogContextValue {
  constructor(
    /** Pictures of one window, and pictures two share. */
    readonly length: number,
    readonly overlap: number,
    readonly isLooped: boolean,
  ) {}
  toString(): string {
    return `{'context_frames': ${this.length}, 'context_overlap': ${this.overlap}}`;
  }
}
