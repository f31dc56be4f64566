import type { Weights } from '../card/model-weights';
import type { Picture } from '../pictures/picture';

/** A control network on a text: it lies on the card beside the denoiser and makes each step longer. */
export interface Control {
  readonly weights: Weights;
  readonly fingerprint: string;
  readonly strength: number;
}

/** Pictures that a film must begin and end with. */
export interface FilmGuide {
  readonly start?: Picture | undefined;
  readonly end?: Picture | undefined;
}

export class ConditioningValue {
  constructor(
    readonly text: string,
    /** Numbers per token; a network takes only the width it was trained with. */
    readonly width = 768,
    readonly controls: readonly Control[] = [],
    readonly guide: FilmGuide = {},
  ) {}

  with(changes: { text?: string; controls?: readonly Control[]; guide?: FilmGuide }): ConditioningValue {
    return new ConditioningValue(
      changes.text ?? this.text,
      this.width,
      changes.controls ?? this.controls,
      changes.guide ?? this.guide,
    );
  }

  toString(): string {
    return "[[tensor([[[0., 0., 0., …]]]), {'pooled_output': None}]]";
  }
}

export class ControlNetValue {
  constructor(
    readonly file: string,
    readonly weights: Weights,
  ) {}
  toString(): string {
    return '<comfy.controlnet.ControlNet object at 0x7f0000000070>';
  }
}

export class ClipVisionValue {
  constructor(
    readonly file: string,
    readonly weights: Weights,
  ) {}
  toString(): string {
    return '<comfy.clip_vision.ClipVisionModel object at 0x7f0000000080>';
  }
}

export class ClipVisionOutputValue {
  constructor(readonly pictures: readonly Picture[]) {}
  toString(): string {
    return '<comfy.clip_vision.Output object at 0x7f0000000090>';
  }
}
