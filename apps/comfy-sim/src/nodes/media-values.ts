import type { Picture } from '../pictures/picture';
import { tensorText } from '../pictures/tensor-text';
import type { Sound } from '../sound/sound';

export class SoundValue {
  constructor(readonly sound: Sound) {}
  toString(): string {
    const row = [...(this.sound.channels[0] ?? []).slice(0, 3), 0, 0, 0, 0];
    return `{'waveform': ${tensorText([1, this.sound.channels.length], row)}, 'sample_rate': ${this.sound.sampleRate}}`;
  }
}

/** What a VIDEO is made of. */
export interface VideoParts {
  readonly pictures: readonly Picture[];
  readonly framesPerSecond: number;
  readonly sound: Sound | undefined;
}

export class VideoValue {
  constructor(
    /** Decodes at the first call. */
    readonly parts: () => Promise<VideoParts>,
    /** The file it still lies in, untouched. */
    readonly file?: string,
  ) {}
  toString(): string {
    const kind = this.file === undefined ? 'VideoFromComponents' : 'VideoFromFile';
    return `<comfy_api.latest._input_impl.video_types.${kind} object at 0x7f0000000070>`;
  }
}
