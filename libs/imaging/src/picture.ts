/** 8-bit samples, row by row, channels interleaved: `width * height * channels` bytes. */
export interface Raster<C extends number = number> {
  readonly width: number;
  readonly height: number;
  readonly channels: C;
  readonly data: Uint8Array;
}

/** Red, green, blue; opaque, sRGB numbers. What every metric measures. */
export type Rgb = Raster<3>;

/** A decoded file: upright, alpha composited on white, sRGB numbers as stored. */
export interface Picture extends Rgb {
  readonly format: PictureFormat;
  /** Nothing of it was transparent. */
  readonly isOpaque: boolean;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export const pictureFormats = ['png', 'jpeg', 'webp', 'gif'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

/** A file path or the bytes of the file. */
export type PictureSource = string | Uint8Array;

export interface PictureLimits {
  /** Size of the encoded file. */
  readonly maxBytes: number;
  /** Width times height of one page. */
  readonly maxPixels: number;
  /** Decoding time; a progressive JPEG of a few kilobytes can ask for minutes. */
  readonly maxSeconds: number;
}

export const defaultPictureLimits: PictureLimits = {
  maxBytes: 32 * 1024 * 1024,
  maxPixels: 64_000_000,
  maxSeconds: 30,
};

export const pictureRefusalReasons = [
  'empty',
  'too_many_bytes',
  'not_a_picture',
  'unsupported_format',
  'svg',
  'too_many_pixels',
  'truncated',
  'corrupt',
  'cmyk',
  'animated',
  'too_slow',
] as const;
export type PictureRefusalReason = (typeof pictureRefusalReasons)[number];

/**
 * The file is at fault, and will be again next time. Failures to read a path are the operating system's errors instead.
 */
export class PictureRefusal extends Error {
  override readonly name = 'PictureRefusal';
  constructor(
    readonly reason: PictureRefusalReason,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
  }
}
