import { writeFileSync } from 'node:fs';
import type { CardProfile } from '../card/card-profile';
import { EncoderFailed } from '../films/film-encoder';
import type { FilmFormat } from '../films/film-formats';

/** What a pipe takes although nobody reads it any more. */
const pipeBytes = 64 * 1024;

/**
 * The ffmpeg of a machine without the encoder that was asked for. A short film fits into the pipe, so nobody notices,
 * and a file of 0 bytes counts as a success; on a long one the pipe breaks.
 */
export class UnopenedEncoder {
  private written = 0;

  constructor(
    private readonly format: FilmFormat,
    private readonly path: string,
  ) {}

  /** NVENC needs a card of NVIDIA, and for AV1 a newer one than any that is simulated. */
  static standsFor(format: FilmFormat, profile: CardProfile): boolean {
    return format.nvenc !== undefined && (format.nvenc === 'av1' || !profile.deviceName.includes('NVIDIA'));
  }

  get complaint(): string {
    const encoder = `${this.format.nvenc ?? ''}_nvenc`;
    return (
      `[${encoder} @ 0x55e2dba39680] Cannot load libcuda.so.1\n[${encoder} @ 0x55e2dba39680] Error while ` +
      `opening encoder - maybe incorrect parameters such as bit_rate, rate, width or height.\n`
    );
  }

  /** @throws EncoderFailed when the pipe is full */
  write(frame: Buffer): Promise<void> {
    this.written += frame.length;
    return this.written > pipeBytes ? Promise.reject(new EncoderFailed(this.complaint)) : Promise.resolve();
  }

  close(): Promise<void> {
    writeFileSync(this.path, '');
    return Promise.resolve();
  }

  abandon(): Promise<void> {
    return this.close();
  }
}
