/** Sound as a node passes it on: one row of samples, −1 to 1, for each channel; all of one length. */
export class Sound {
  constructor(
    readonly sampleRate: number,
    readonly channels: readonly Float32Array[],
  ) {}

  /** `channels` 1 or 2, `seconds` of nothing. */
  static silence(seconds: number, sampleRate: number, channels: number): Sound {
    const samples = Math.round(seconds * sampleRate);
    return new Sound(
      sampleRate,
      Array.from({ length: channels }, () => new Float32Array(samples)),
    );
  }

  /** Little-endian floats, one sample of each channel after the other. */
  static fromInterleaved(bytes: Buffer, sampleRate: number, channels: number): Sound {
    const samples = Math.floor(bytes.length / (4 * channels));
    return new Sound(
      sampleRate,
      Array.from({ length: channels }, (_, channel) =>
        Float32Array.from({ length: samples }, (__, at) => bytes.readFloatLE(4 * (at * channels + channel))),
      ),
    );
  }

  /** What is heard from one second to another; the end may lie behind the last sample. */
  between(from: number, to: number): Sound {
    return new Sound(
      this.sampleRate,
      this.channels.map((row) =>
        row.slice(Math.round(from * this.sampleRate), Math.min(row.length, Math.round(to * this.sampleRate))),
      ),
    );
  }

  get samples(): number {
    return this.channels[0]?.length ?? 0;
  }

  get seconds(): number {
    return this.samples / this.sampleRate;
  }

  /** How ffmpeg is told what `interleaved` is. */
  get ffmpegInput(): { readonly format: 'f32le'; readonly options: readonly string[] } {
    return { format: 'f32le', options: ['-ar', String(this.sampleRate), '-ac', String(this.channels.length)] };
  }

  interleaved(): Buffer {
    const count = this.channels.length;
    const out = Buffer.alloc(this.samples * count * 4);
    this.channels.forEach((row, channel) =>
      row.forEach((value, at) => out.writeFloatLE(value, 4 * (at * count + channel))),
    );
    return out;
  }
}
