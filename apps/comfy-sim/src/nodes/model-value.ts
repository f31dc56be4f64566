import type { ModelFamily } from '../card/model-family';
import type { Weights } from '../card/model-weights';
import type { Reference } from '../pictures/recipe';
import type { ContextWindows } from './context-windows';

/** A motion module that makes the pictures of a batch the frames of one film. */
export interface MotionModule {
  readonly file: string;
  /** Motion LoRAs as `file@strength`. */
  readonly loras: readonly string[];
  readonly weights: Weights;
  /** Frames it can see at once. */
  readonly mostFrames: number;
}

interface ModelParts {
  readonly file: string;
  readonly family: ModelFamily;
  readonly weights: Weights;
  /** LoRAs as `file@strength`, and other changes that alter what is drawn. */
  readonly loras?: readonly string[];
  readonly references?: readonly Reference[];
  /** Networks that lie on the card beside the denoiser. */
  readonly companions?: readonly Weights[];
  readonly motion?: MotionModule | undefined;
  readonly windows?: ContextWindows | undefined;
}

/**
 * A denoiser with everything that was hooked into it. `toString` is what the server would put into `current_inputs`.
 */
export class ModelValue {
  readonly loras: readonly string[];
  readonly references: readonly Reference[];
  readonly companions: readonly Weights[];

  constructor(readonly parts: ModelParts) {
    this.loras = parts.loras ?? [];
    this.references = parts.references ?? [];
    this.companions = parts.companions ?? [];
  }

  get file(): string {
    return this.parts.file;
  }

  get family(): ModelFamily {
    return this.parts.family;
  }

  /** A clone with something changed, as every node that patches a model makes one. */
  with(changes: Partial<ModelParts>): ModelValue {
    return new ModelValue({ ...this.parts, ...changes });
  }

  toString(): string {
    return '<comfy.model_patcher.ModelPatcher object at 0x7f0000000010>';
  }
}

export class MotionModelValue {
  constructor(readonly module: MotionModule) {}
  toString(): string {
    return '<animatediff.model_injection.MotionModelPatcher object at 0x7f0000000110>';
  }
}

/** Motion models with the LoRAs they were given, in the order in which they apply. */
export class MotionModelsValue {
  constructor(readonly modules: readonly MotionModule[]) {}
  toString(): string {
    return '<animatediff.model_injection.MotionModelGroup object at 0x7f0000000120>';
  }
}

export class MotionLoraValue {
  constructor(readonly loras: readonly string[]) {}
  toString(): string {
    return '<animatediff.motion_lora.MotionLoraList object at 0x7f0000000130>';
  }
}

export class ContextOptionsValue {
  constructor(readonly windows: ContextWindows) {}
  toString(): string {
    return '<animatediff.context.ContextOptionsGroup object at 0x7f0000000140>';
  }
}
