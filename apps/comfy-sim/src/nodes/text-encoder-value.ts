import { encoderParameters, encoderWeights, type Weights } from '../card/model-weights';

/** The text encoders a loader put together. */
export class ClipValue {
  constructor(
    readonly files: readonly string[],
    readonly loras: readonly string[] = [],
    readonly lastLayer = -1,
    /** Asked to stay off the card: it takes no VRAM and far longer. */
    readonly onCpu = false,
  ) {}

  get weights(): readonly Weights[] {
    return this.onCpu ? [] : this.files.map((file) => encoderWeights(file));
  }

  get parameters(): number {
    return this.files.reduce((sum, file) => sum + encoderParameters(file), 0);
  }

  /** Numbers per token of what it makes. */
  get width(): number {
    if (this.files.some((file) => /t5/i.test(file))) return 4096;
    if (this.files.length > 1 || this.files.some((file) => /xl|pony|illustrious|noob/i.test(file))) return 2048;
    return this.files.some((file) => /clip_g|bigg/i.test(file)) ? 1280 : 768;
  }

  with(changes: { loras?: readonly string[]; lastLayer?: number }): ClipValue {
    return new ClipValue(this.files, changes.loras ?? this.loras, changes.lastLayer ?? this.lastLayer, this.onCpu);
  }

  toString(): string {
    return '<comfy.sd.CLIP object at 0x7f0000000020>';
  }
}
