import { open } from 'node:fs/promises';
import { PictureRefusal, type PictureFormat, type PictureLimits, type PictureSource } from './picture';

/**
 * The bytes of a picture, never more than `maxBytes` of them in memory.
 * @throws PictureRefusal empty, too_many_bytes; the file system's own error when the path cannot be read.
 */
export async function readPictureBytes(
  source: PictureSource,
  limits: Pick<PictureLimits, 'maxBytes'>,
): Promise<Uint8Array> {
  const bytes = await loadBytes(source, limits.maxBytes);
  if (bytes.length === 0) throw new PictureRefusal('empty', 'the file has no bytes');
  return bytes;
}

/** As `readPictureBytes`, and an empty file is an empty array. */
export async function loadBytes(source: PictureSource, maxBytes: number): Promise<Uint8Array> {
  const bytes = typeof source === 'string' ? await readAtMost(source, maxBytes + 1) : source;
  if (bytes.length > maxBytes) throw new PictureRefusal('too_many_bytes', `the file is larger than ${maxBytes} bytes`);
  return bytes;
}

/** Reads by count, not by `stat`: a file that grows meanwhile, or a pipe, cannot exceed the limit. */
async function readAtMost(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.allocUnsafe(Math.min(size + 1, maxBytes));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, null);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, Math.min(to, bytes.length) - from)).toString('latin1');

/**
 * The format by its first bytes. Decoders other than these four are never reached: libvips also loads SVG, PDF, TIFF
 * and others, and each is a further parser exposed to uploaded files.
 * @throws PictureRefusal not_a_picture, svg, unsupported_format.
 */
export function recogniseFormat(bytes: Uint8Array): PictureFormat {
  const start = latin1(bytes, 0, 16);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'webp';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  const otherPicture =
    /^(?:II\*\0|MM\0\*|BM|\xff\x0a|\0\0\0\x0cJXL |\0\0\0\x0cjP {2}|%PDF|8BPS|v\/1\x01|#\?RADIANCE|qoif)/;
  if (
    otherPicture.test(start) ||
    /^(?:avi[fs]|hei[cxfms]|mif1|msf1)/.test(start.slice(4, 8) === 'ftyp' ? start.slice(8) : '')
  )
    throw new PictureRefusal('unsupported_format', 'only PNG, JPEG, WebP and GIF are read');
  if (/<svg[\s>:]/i.test(latin1(bytes, 0, 4096))) throw new PictureRefusal('svg', 'SVG is a program, not a picture');
  throw new PictureRefusal('not_a_picture', 'the first bytes are those of no known picture format');
}
