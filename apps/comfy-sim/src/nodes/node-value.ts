import type { Picture } from '../pictures/picture';
import { tensorText, type TensorPrinting } from '../pictures/tensor-text';
import type { PyValue } from '../python/values';
import type { CogConditioningValue, CogContextValue, CogLatentValue, CogModelValue, CogVaeValue } from './cog-value';
import type { ClipVisionOutputValue, ClipVisionValue, ConditioningValue, ControlNetValue } from './conditioning-value';
import type { GuiderValue, SamplerValue, SigmasValue } from './custom-sampling-value';
import type { AdapterValue, FaceAnalysisValue } from './adapter-value';
import { LatentValue, VaeValue } from './latent-value';
import type { SoundValue, VideoValue } from './media-values';
import type {
  ContextOptionsValue,
  ModelValue,
  MotionLoraValue,
  MotionModelsValue,
  MotionModelValue,
} from './model-value';
import type { ClipValue } from './text-encoder-value';

export { LatentValue, VaeValue };

/** What flows along links besides plain values. `toString` is what the server would put into `current_inputs`. */
export class UpscaleModelValue {
  constructor(
    readonly file: string,
    readonly scale: number,
  ) {}
  toString(): string {
    return '<spandrel.ImageModelDescriptor object at 0x7f0000000040>';
  }
}

export class ImageValue {
  constructor(readonly pictures: readonly Picture[]) {}
  toString(printing?: TensorPrinting): string {
    const [first] = this.pictures;
    if (first === undefined) return 'tensor([])';
    return tensorText([this.pictures.length, first.height, first.width], first.flatColour ?? [0.5, 0.5, 0.5], printing);
  }
}

export class MaskValue {
  constructor(
    readonly width: number,
    readonly height: number,
  ) {}
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

type SimulatedValue =
  | ModelValue
  | ClipValue
  | VaeValue
  | UpscaleModelValue
  | ConditioningValue
  | LatentValue
  | ImageValue
  | MaskValue
  | NoiseValue
  | SoundValue
  | VideoValue
  | ExecutionBlocker
  | ControlNetValue
  | ClipVisionValue
  | ClipVisionOutputValue
  | SamplerValue
  | SigmasValue
  | GuiderValue
  | MotionModelValue
  | MotionModelsValue
  | MotionLoraValue
  | ContextOptionsValue
  | AdapterValue
  | FaceAnalysisValue
  | CogModelValue
  | CogVaeValue
  | CogConditioningValue
  | CogLatentValue
  | CogContextValue;
export type NodeValue = PyValue | SimulatedValue;
