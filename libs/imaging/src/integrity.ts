import { crc32 } from 'node:zlib';
import { defaultPictureLimits, type PictureFormat, type PictureLimits, type PictureSource } from './picture';
import { loadBytes } from './picture-bytes';

export type IntegrityFault =
  'empty' | 'signature' | 'header' | 'truncated' | 'checksum' | 'no_image_data' | 'length_mismatch';

/** Whether the container is whole. Says nothing about the pixels: an intact file can still be black. */
export type FileIntegrity =
  | {
      readonly intact: true;
      readonly format: PictureFormat;
      /** Bytes after the end of the picture. */ readonly trailingBytes: number;
    }
  | {
      readonly intact: false;
      readonly format: PictureFormat | 'unknown';
      readonly fault: IntegrityFault;
      /** Byte offset at which the fault shows. */
      readonly offset: number;
    };

/**
 * PNG: signature, IHDR first, every chunk's CRC-32, IDAT and IEND present. JPEG: segments to EOI. WebP: RIFF length and
 * chunk lengths. GIF: blocks to the trailer.
 * Formula source: PNG third edition section 5, ITU T.81 annex B, WebP container specification, GIF89a.
 * @throws PictureRefusal too_many_bytes; the file system's own error when the path cannot be read.
 */
export async function checkFileIntegrity(
  source: PictureSource,
  limits: Partial<PictureLimits> = {},
): Promise<FileIntegrity> {
  return verifyBytes(await loadBytes(source, limits.maxBytes ?? defaultPictureLimits.maxBytes));
}

export function verifyBytes(source: Uint8Array): FileIntegrity {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
  if (bytes.length === 0) return { intact: false, format: 'unknown', fault: 'empty', offset: 0 };
  for (const [format, magic, verify] of containers) {
    if (magic.every((byte, index) => byte === null || bytes[index] === byte)) return verify(bytes);
    // The start of a signature and nothing else: the writer died early.
    if (
      bytes.length < magic.length &&
      magic.slice(0, bytes.length).every((byte, index) => byte === null || bytes[index] === byte)
    )
      return { intact: false, format, fault: 'truncated', offset: bytes.length };
  }
  return { intact: false, format: 'unknown', fault: 'signature', offset: 0 };
}

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

const containers: readonly (readonly [PictureFormat, readonly (number | null)[], (bytes: Buffer) => FileIntegrity])[] =
  [
    ['png', [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a], verifyPng],
    ['jpeg', [0xff, 0xd8, 0xff], verifyJpeg],
    ['webp', [...ascii('RIFF'), null, null, null, null, ...ascii('WEBP')], verifyWebp],
    ['gif', ascii('GIF87a'), verifyGif],
    ['gif', ascii('GIF89a'), verifyGif],
  ];

const broken = (format: PictureFormat, fault: IntegrityFault, offset: number): FileIntegrity => ({
  intact: false,
  format,
  fault,
  offset,
});

function verifyPng(bytes: Buffer): FileIntegrity {
  let at = 8;
  let sawData = false;
  while (at + 12 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 12 + length;
    if (at === 8 && (type !== 'IHDR' || length !== 13)) return broken('png', 'header', at);
    // Chunk names are four letters; anything else means the length before it was damaged.
    if (!/^[A-Za-z]{4}$/.test(type)) return broken('png', 'header', at);
    if (end > bytes.length) return broken('png', 'truncated', bytes.length);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return broken('png', 'checksum', at);
    if (type === 'IDAT') sawData = true;
    if (type === 'IEND') {
      if (!sawData) return broken('png', 'no_image_data', at);
      return { intact: true, format: 'png', trailingBytes: bytes.length - end };
    }
    at = end;
  }
  return broken('png', 'truncated', bytes.length);
}

/**
 * Frames announced by an APNG's acTL chunk, 1 for an ordinary PNG. The decoder shows only the first, without saying so.
 */
export function inspectPngAnimation(source: Uint8Array): number {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
  let at = 8;
  while (at + 12 <= bytes.length) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    // acTL is only valid before the first IDAT.
    if (type === 'IDAT' || type === 'IEND') return 1;
    if (type === 'acTL') return Math.max(1, bytes.readUInt32BE(at + 8));
    at += 12 + bytes.readUInt32BE(at);
  }
  return 1;
}

function verifyJpeg(bytes: Buffer): FileIntegrity {
  let at = 2;
  let sawScan = false;
  while (at < bytes.length) {
    if (bytes[at] !== 0xff) return broken('jpeg', 'header', at);
    while (bytes[at] === 0xff) at += 1;
    const marker = bytes[at];
    if (marker === undefined) break;
    at += 1;
    if (marker === 0xd9) {
      if (!sawScan) return broken('jpeg', 'no_image_data', at - 2);
      return { intact: true, format: 'jpeg', trailingBytes: bytes.length - at };
    }
    // TEM and restart markers carry no length.
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (at + 2 > bytes.length) break;
    const length = bytes.readUInt16BE(at);
    if (length < 2) return broken('jpeg', 'header', at);
    at += length;
    if (marker === 0xda) {
      sawScan = true;
      at = endOfScan(bytes, at);
    }
  }
  return broken('jpeg', 'truncated', bytes.length);
}

/** Entropy-coded data runs to the next marker that is neither a stuffed zero nor a restart. */
function endOfScan(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at === -1) return bytes.length;
    const next = bytes[at + 1];
    if (next === undefined) return bytes.length;
    if (next !== 0x00 && !(next >= 0xd0 && next <= 0xd7)) return at;
    at += 2;
  }
}

function verifyWebp(bytes: Buffer): FileIntegrity {
  if (bytes.length < 20) return broken('webp', 'truncated', bytes.length);
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) return broken('webp', 'truncated', bytes.length);
  let at = 12;
  let sawData = false;
  while (at + 8 <= end) {
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (['VP8 ', 'VP8L', 'ANMF'].includes(type)) sawData = true;
    // Chunks are padded to an even length.
    at += 8 + length + (length % 2);
    // Some writers leave out the last padding byte.
    if (at > end + (length % 2)) return broken('webp', 'length_mismatch', end);
  }
  if (!sawData) return broken('webp', 'no_image_data', end);
  return { intact: true, format: 'webp', trailingBytes: bytes.length - end };
}

function verifyGif(bytes: Buffer): FileIntegrity {
  if (bytes.length < 13) return broken('gif', 'truncated', bytes.length);
  let at = 13 + colourTableBytes(bytes.readUInt8(10));
  let sawData = false;
  while (at < bytes.length) {
    const block = bytes.readUInt8(at);
    if (block === 0x3b) {
      if (!sawData) return broken('gif', 'no_image_data', at);
      return { intact: true, format: 'gif', trailingBytes: bytes.length - at - 1 };
    }
    if (block === 0x21) at = endOfSubBlocks(bytes, at + 2);
    else if (block === 0x2c) {
      if (at + 10 > bytes.length) break;
      at = endOfSubBlocks(bytes, at + 11 + colourTableBytes(bytes.readUInt8(at + 9)));
      sawData = true;
    } else return broken('gif', 'header', at);
  }
  return broken('gif', 'truncated', bytes.length);
}

const colourTableBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

function endOfSubBlocks(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const length = bytes.readUInt8(at);
    at += 1 + length;
    if (length === 0) return at;
  }
  return bytes.length;
}
