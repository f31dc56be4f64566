import { decoding, openPicture } from './decode';
import type { PictureLimits, PictureSource, Rgb } from './picture';
import { sharp } from './sharp';

export interface ThumbnailOptions {
  /** Longest side in pixels; smaller pictures keep their size. */
  readonly maxSide?: number;
  /** WebP quality, 1 to 100. */
  readonly quality?: number;
  readonly limits?: Partial<PictureLimits>;
}

/**
 * A WebP for people to look at: upright, on white, colours converted to sRGB through the embedded profile (unlike
 * decoding for measurement). Of an animation, the first frame.
 * @throws PictureRefusal as `decodePicture`, except animated.
 */
export async function makeThumbnail(source: PictureSource, options: ThumbnailOptions = {}): Promise<Buffer> {
  const { maxSide = 320, quality = 82, limits = {} } = options;
  if (!Number.isInteger(maxSide) || maxSide < 1)
    throw new RangeError(`maxSide must be a positive integer, got ${maxSide}`);
  const { pipeline, bytes, header } = await openPicture(source, limits, { ignoreIcc: false });
  const upright = pipeline
    .autoOrient()
    .resize({ width: maxSide, height: maxSide, fit: 'inside', withoutEnlargement: true });
  const opaque = header.hasAlpha ? upright.flatten({ background: '#ffffff' }) : upright;
  return decoding(bytes, () => opaque.toColourspace('srgb').webp({ quality }).toBuffer());
}

/** The same of one decoded frame, as the poster of a film. */
export function makeFrameThumbnail(
  { data, width, height, channels }: Rgb,
  options: Pick<ThumbnailOptions, 'maxSide' | 'quality'> = {},
): Promise<Buffer> {
  const { maxSide = 320, quality = 82 } = options;
  return sharp(data, { raw: { width, height, channels } })
    .resize({ width: maxSide, height: maxSide, fit: 'inside', withoutEnlargement: true })
    .webp({ quality })
    .toBuffer();
}
