import type { ModelFamily } from '../card/model-family';
import type { Picture } from '../pictures/picture';
import { tensorText } from '../pictures/tensor-text';
import type { DrawingRecipe } from '../pictures/recipe';
import type { PyValue } from '../python/values';

/** What flows along links besides plain values. `toString` is what the server would put into `current_inputs`. */
export class ModelValue {
  constructor(readonly checkpoint: string, readonly family: ModelFamily, readonly loras: readonly string[] = []) {}
  toString(): string {
    return '<comfy.model_patcher.ModelPatcher object at 0x7f0000000010>';
  }
}

export class ClipValue {
  constructor(readonly checkpoint: string, readonly loras: readonly string[] = [], readonly lastLayer = -1) {}
  toString(): string {
    return '<comfy.sd.CLIP object at 0x7f0000000020>';
  }
}

export class VaeValue {
  constructor(readonly file: string) {}
  toString(): string {
    return '<comfy.sd.VAE object at 0x7f0000000030>';
  }
}

export class UpscaleModelValue {
  constructor(readonly file: string, readonly scale: number) {}
  toString(): string {
    return '<spandrel.ImageModelDescriptor object at 0x7f0000000040>';
  }
}

export class ConditioningValue {
  constructor(readonly text: string) {}
  toString(): string {
    return "[[tensor([[[0., 0., 0., …]]]), {'pooled_output': None}]]";
  }
}

/** Sizes in pixels, not in latent cells. `recipes` say what each picture of the batch will show once it is decoded. */
export class LatentValue {
  constructor(
    readonly width: number,
    readonly height: number,
    readonly recipes: readonly DrawingRecipe[],
    /** What else the dictionary holds, as text. */
    private readonly notes = '',
  ) {}
  get batch(): number {
    return this.recipes.length;
  }
  toString(): string {
    const zeros = Array.from({ length: this.width / 8 }, () => 0);
    return `{'samples': ${tensorText([this.batch, 4, this.height / 8], zeros)}${this.notes}}`;
  }
}

export class ImageValue {
  constructor(readonly pictures: readonly Picture[]) {}
  toString(): string {
    const [first] = this.pictures;
    if (first === undefined) return 'tensor([])';
    return tensorText([this.pictures.length, first.height, first.width], first.flatColour ?? [0.5, 0.5, 0.5]);
  }
}

export class MaskValue {
  constructor(readonly width: number, readonly height: number) {}
  toString(): string {
    return 'tensor([[[0., 0., 0.,  ..., 0., 0., 0.]]])';
  }
}

export class NoiseValue {
  constructor(readonly seed: string) {}
  toString(): string {
    return '</comfy_extras/nodes_custom_sampler.Noise_RandomNoise object at 0x7f0000000060>';
  }
}

/** Passes through links and keeps what follows from running. */
export class ExecutionBlocker {
  constructor(readonly message: string | null) {}
  toString(): string {
    return '<comfy_execution.graph_utils.ExecutionBlocker object at 0x7f0000000050>';
  }
}

export type SimulatedValue =
  | ModelValue | ClipValue | VaeValue | UpscaleModelValue | ConditioningValue | LatentValue | ImageValue | MaskValue
  | NoiseValue | ExecutionBlocker;
export type NodeValue = PyValue | SimulatedValue;
