import type { ConditioningValue } from './conditioning-value';
import type { ModelValue } from './model-value';

export class SamplerValue {
  constructor(readonly name: string) {}
  toString(): string {
    return '<comfy.samplers.KSAMPLER object at 0x7f0000000210>';
  }
}

export class SigmasValue {
  constructor(
    /** Steps that will be made, one less than there are sigmas. */
    readonly steps: number,
    /** Starts at less than full noise. */
    readonly isPartial: boolean,
  ) {}
  toString(): string {
    return 'tensor([14.6146, ...,  0.0000])';
  }
}

export class GuiderValue {
  constructor(
    readonly model: ModelValue,
    readonly positive: ConditioningValue,
    readonly negative: ConditioningValue | undefined,
    readonly cfg: number,
  ) {}
  toString(): string {
    return '<comfy.samplers.CFGGuider object at 0x7f0000000220>';
  }
}
