import { inspectPngAnimation, verifyBytes } from './integrity';
import {
  PictureRefusal,
  defaultPictureLimits,
  type Picture,
  type PictureFormat,
  type PictureLimits,
  type PictureSource,
} from './picture';
import { readPictureBytes, recogniseFormat } from './picture-bytes';
import { fromOutside, sharp, type Metadata, type Sharp } from './sharp';

/** What the header says. `width` and `height` are upright: EXIF orientation is already applied. */
export interface PictureHeader {
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  /** One channel of 16 bits, which Pillow clips at 255 when it makes RGB of it: nearly everything turns white. */
  readonly isDeepGrey: boolean;
  /** Frames of an animation, 1 for a still. */
  readonly pages: number;
  readonly bytes: number;
}

/**
 * Pixels as Pillow would hand them over: upright, alpha composited on white, stored numbers (embedded profiles
 * ignored), 16 bit reduced to the high byte, grey and palette as RGB. Formula source: Pillow 12.1.1
 * `ImageOps.exif_transpose` and imgutils 0.19 `load_image`; equal within 1 LSB for alpha and 16 bit, 2 for JPEG, else
 * exactly.
 * @throws PictureRefusal with any of its reasons; the file system's own error when a path cannot be read.
 */
export async function decodePicture(source: PictureSource, limits: Partial<PictureLimits> = {}): Promise<Picture> {
  const { header, pipeline, bytes } = await openPicture(source, limits, { ignoreIcc: true });
  // Judging only the first frame of an animation would be a verdict on something nobody asked about.
  if (header.pages > 1) throw new PictureRefusal('animated', `the file holds ${header.pages} frames`);
  const { data, info } = await decoding(bytes, () =>
    pipeline.autoOrient().toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }),
  );
  const { width, height, channels } = info;
  if ((channels !== 3 && channels !== 4) || data.length !== width * height * channels)
    throw new PictureRefusal('corrupt', `decoded to ${channels} channels and ${data.length} bytes`);
  // A plain array: `slice` of a Buffer is a view, and who "copies" a frame that way paints into the original.
  const pixels = channels === 4 ? compositeOnWhite(data) : new Uint8Array(data.buffer, data.byteOffset, data.length);
  return {
    width,
    height,
    channels: 3,
    data: pixels,
    format: header.format,
    isOpaque: channels === 3 || isOpaque(data),
  };
}

function isOpaque(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
  return true;
}

/**
 * Rounded as Pillow rounds, (v a + 255 (255 - a)) / 255 to the nearest; libvips' own flattening is one level off here
 * and there.
 */
function compositeOnWhite(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]!;
    const white = 255 * (255 - alpha) + 128;
    for (let channel = 0; channel < 3; channel += 1) {
      const sum = rgba[from + channel]! * alpha + white;
      rgb[to + channel] = (sum + (sum >> 8)) >> 8;
    }
  }
  return rgb;
}

/**
 * Reads the header only, with the same limits as decoding.
 * @throws PictureRefusal as `decodePicture`, except what only shows in the pixels.
 */
export async function probePicture(source: PictureSource, limits: Partial<PictureLimits> = {}): Promise<PictureHeader> {
  return (await openPicture(source, limits, { ignoreIcc: true })).header;
}

interface OpenPicture {
  readonly header: PictureHeader;
  readonly pipeline: Sharp;
  readonly bytes: Uint8Array;
}

/**
 * A sharp pipeline over bytes that passed every check a header allows; nothing is decoded yet. Of an animation the
 * pipeline holds the first frame.
 */
export async function openPicture(
  source: PictureSource,
  partialLimits: Partial<PictureLimits>,
  options: { readonly ignoreIcc: boolean },
): Promise<OpenPicture> {
  const limits = { ...defaultPictureLimits, ...partialLimits };
  const bytes = await readPictureBytes(source, limits);
  const format = recogniseFormat(bytes);
  // The limit is checked here by us, so that a bomb is refused by its own name and not as a decoder error.
  const metadata = await decoding(bytes, () => sharp(bytes, fromOutside).metadata());
  const header = headerOf(metadata, format, bytes);
  // One page: of an animation only the first is ever decoded here.
  if (header.width * header.height > limits.maxPixels)
    throw new PictureRefusal(
      'too_many_pixels',
      `${header.width} x ${header.height} exceeds ${limits.maxPixels} pixels`,
    );
  if (metadata.space === 'cmyk') throw new PictureRefusal('cmyk', 'CMYK has no fixed meaning in RGB');
  const pipeline = sharp(bytes, {
    ...fromOutside,
    ignoreIcc: options.ignoreIcc,
    limitInputPixels: limits.maxPixels,
  }).timeout({ seconds: Math.max(1, Math.ceil(limits.maxSeconds)) });
  return { header, pipeline, bytes };
}

function headerOf(metadata: Metadata, format: PictureFormat, bytes: Uint8Array): PictureHeader {
  if (metadata.format !== format)
    throw new PictureRefusal('corrupt', `starts as ${format}, decodes as ${String(metadata.format)}`);
  const { autoOrient, pageHeight } = metadata;
  const pages = format === 'png' ? inspectPngAnimation(bytes) : (metadata.pages ?? 1);
  const height = pageHeight ?? autoOrient.height;
  const isDeepGrey = metadata.channels === 1 && metadata.depth === 'ushort';
  return {
    format,
    width: autoOrient.width,
    height,
    hasAlpha: metadata.hasAlpha ?? false,
    isDeepGrey,
    pages,
    bytes: bytes.length,
  };
}

/**
 * Turns libvips' prose into one of our reasons: a damaged container tells more reliably than the wording of a message.
 */
export async function decoding<T>(bytes: Uint8Array, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PictureRefusal) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/timeout/i.test(message)) throw new PictureRefusal('too_slow', 'decoding took too long', { cause });
    if (/pixel limit|dimensions? exceed|too large/i.test(message))
      throw new PictureRefusal('too_many_pixels', 'the decoder refused the dimensions', { cause });
    const integrity = verifyBytes(bytes);
    const truncated =
      (!integrity.intact && integrity.fault === 'truncated') || /premature end|truncat|end of/i.test(message);
    throw new PictureRefusal(truncated ? 'truncated' : 'corrupt', `the picture does not decode: ${message}`, { cause });
  }
}
