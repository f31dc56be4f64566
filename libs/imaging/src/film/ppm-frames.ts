import type { Rgb } from '../picture';
import { FilmRefusal } from './film-refusal';

/** What a frame may be, at most; the header says it before any pixel is taken. */
export interface FrameLimits {
  readonly maxPixels: number;
}

const longestHeader = 64;

/**
 * Cuts a stream of binary PPM pictures ("P6", width, height, 255, then RGB) into frames. Each frame says its own size,
 * so nothing has to be known beforehand. Holds one frame and one chunk; the next chunk is read when the frame was
 * taken.
 * @throws FilmRefusal too_many_pixels, size_changes, undecodable for bytes that are no frames or end inside one
 */
export async function* ppmFrames(chunks: AsyncIterable<Uint8Array>, limits: FrameLimits): AsyncGenerator<Rgb> {
  let header = Buffer.alloc(0);
  let size: { readonly width: number; readonly height: number } | undefined;
  let data: Uint8Array | undefined;
  let filled = 0;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      if (data === undefined) {
        const before = header.length;
        header = Buffer.concat([header, chunk.subarray(at, at + longestHeader)]);
        const match = /^P6\n(\d{1,9}) (\d{1,9})\n255\n/.exec(header.toString('latin1'));
        if (match === null) {
          if (header.length >= longestHeader || !'P6\n'.startsWith(header.toString('latin1', 0, 3)))
            throw new FilmRefusal('undecodable', 'the decoder wrote something other than frames');
          at = chunk.length;
          continue;
        }
        const next = { width: Number(match[1]), height: Number(match[2]) };
        if (next.width * next.height === 0 || next.width * next.height > limits.maxPixels)
          throw new FilmRefusal(
            'too_many_pixels',
            `a frame of ${next.width} x ${next.height} exceeds ${limits.maxPixels} pixels`,
          );
        if (size !== undefined && (size.width !== next.width || size.height !== next.height))
          throw new FilmRefusal(
            'size_changes',
            `a frame of ${next.width} x ${next.height} after ${size.width} x ${size.height}`,
          );
        size = next;
        at += match[0].length - before;
        header = Buffer.alloc(0);
        data = new Uint8Array(size.width * size.height * 3);
        filled = 0;
      }
      const part = chunk.subarray(at, at + data.length - filled);
      data.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === data.length && size !== undefined) {
        const frame: Rgb = { ...size, channels: 3, data };
        data = undefined;
        yield frame;
      }
    }
  }
  if (data !== undefined || header.length > 0) throw new FilmRefusal('undecodable', 'the last frame is not whole');
}
