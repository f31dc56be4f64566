import { decoding } from '../decode';
import { PictureRefusal, type PictureLimits, type Rgb } from '../picture';
import { readPictureBytes, recogniseFormat } from '../picture-bytes';
import { fromOutside, sharp, type Metadata } from '../sharp';
import type { FilmFacts, FilmOptions } from './film';
import { FilmRefusal } from './film-refusal';

/** Bytes of decoded frames that are held at once; the loaders of both formats begin anew at every call. */
const heldBytes = 64 * 1024 * 1024;

/** Milliseconds that viewers give a frame whose length is 0 or missing. */
const silentFrameMs = 100;

const defaults = { maxFrames: 2_000, maxPixels: 16_000_000, maxSeconds: 120 } as const;
const limits: PictureLimits = {
  maxBytes: 512 * 1024 * 1024,
  maxPixels: defaults.maxPixels,
  maxSeconds: defaults.maxSeconds,
};

/**
 * Every frame of an animated GIF or WebP, in order, as RGB on white. Decoding runs on libvips' own threads, some frames
 * at a time.
 * @throws FilmRefusal no_frames for a still, too_many_frames, too_many_pixels, undecodable, too_slow, not_a_film for
 *   other formats; what `onFrame` throws
 */
export async function readAnimation(
  path: string,
  onFrame: (frame: Rgb, index: number) => void | Promise<void>,
  options: FilmOptions = {},
): Promise<FilmFacts> {
  const { maxFrames, maxPixels, maxSeconds } = { ...defaults, ...options };
  const deadline = performance.now() + maxSeconds * 1000;
  const { bytes, pages, width, height, delays } = await headerOf(path);
  if (pages > maxFrames)
    throw new FilmRefusal('too_many_frames', `${path} has ${pages} frames, more than ${maxFrames}`);
  if (width * height > maxPixels)
    throw new FilmRefusal('too_many_pixels', `a frame of ${width} x ${height} exceeds ${maxPixels} pixels`);
  const size = width * height * 3;
  const atOnce = Math.max(1, Math.floor(heldBytes / size));
  for (let first = 0; first < pages; first += atOnce) {
    options.signal?.throwIfAborted();
    if (performance.now() > deadline)
      throw new FilmRefusal('too_slow', `decoding ${path} took more than ${maxSeconds} s`);
    const count = Math.min(atOnce, pages - first);
    const left = (deadline - performance.now()) / 1000;
    const data = await decodedPages(path, bytes, { first, count, maxPixels: width * height * count, maxSeconds: left });
    if (data.length !== size * count)
      throw new FilmRefusal('undecodable', `${path} decoded to ${data.length} bytes instead of ${size * count}`);
    for (let index = 0; index < count; index += 1)
      await onFrame(
        { width, height, channels: 3, data: new Uint8Array(data.subarray(index * size, (index + 1) * size)) },
        first + index,
      );
  }
  const times = Array.from({ length: pages }, (_, index) => (delays[index] || silentFrameMs) / 1000);
  const durationSeconds = times.reduce((sum, time) => sum + time, 0);
  return {
    frames: pages,
    width,
    height,
    sampleAspect: '1/1',
    durationSeconds,
    framesPerSecond: pages / durationSeconds,
    variableRate: Math.max(...times) - Math.min(...times) > 0.0011,
    colour: { kind: 'rgb' },
    sound: null,
  };
}

async function headerOf(
  path: string,
): Promise<{ bytes: Uint8Array; pages: number; width: number; height: number; delays: readonly number[] }> {
  return refusing(path, async () => {
    const bytes = await readPictureBytes(path, limits);
    const format = recogniseFormat(bytes);
    if (format !== 'gif' && format !== 'webp') throw new FilmRefusal('not_a_film', `${path} is ${format}`);
    const metadata: Metadata = await decoding(bytes, () => sharp(bytes, fromOutside).metadata());
    const pages = metadata.pages ?? 1;
    if (pages < 2) throw new FilmRefusal('no_frames', `${path} is a still`);
    return {
      bytes,
      pages,
      width: metadata.width,
      height: metadata.pageHeight ?? metadata.height,
      delays: metadata.delay ?? [],
    };
  });
}

interface Pages {
  readonly first: number;
  readonly count: number;
  /** Of all of them. */
  readonly maxPixels: number;
  readonly maxSeconds: number;
}

/** A GIF is decoded from its first frame on, however late the wanted one comes: a single call can take long. */
const decodedPages = (path: string, bytes: Uint8Array, pages: Pages): Promise<Buffer> =>
  refusing(path, () =>
    decoding(bytes, () =>
      sharp(bytes, {
        ...fromOutside,
        ignoreIcc: true,
        limitInputPixels: pages.maxPixels,
        page: pages.first,
        pages: pages.count,
      })
        .timeout({ seconds: Math.max(1, Math.ceil(pages.maxSeconds)) })
        .flatten({ background: '#ffffff' })
        .toColourspace('srgb')
        .raw({ depth: 'uchar' })
        .toBuffer(),
    ),
  );

/** A picture's refusal in a film's words. */
async function refusing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof PictureRefusal)) throw cause;
    const same = cause.reason === 'too_slow' || cause.reason === 'too_many_pixels' ? cause.reason : 'undecodable';
    throw new FilmRefusal(same, `${path}: ${cause.message}`, { cause });
  }
}
