import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';

// Files that attack their readers, for specs.

/**
 * The index of a film, and in place of its pictures an alias of the Macintosh that names the film by its absolute
 * path.
 */
export function referringTo(film: string): Buffer {
  const bytes = readFileSync(film);
  const moov = bytes.subarray(bytes.indexOf('moov') - 4);
  const url = moov.indexOf('url ', moov.indexOf('dref')) - 4;
  const name = Buffer.from(film);
  const named = Buffer.alloc(4 + name.length + (name.length % 2));
  named.writeUInt16BE(2, 0);
  named.writeUInt16BE(name.length, 2);
  name.copy(named, 4);
  const entry = Buffer.concat([
    Buffer.alloc(4),
    Buffer.from('alis'),
    Buffer.alloc(4 + 10 + 28 + 12 + 64 + 16 + 4 + 16),
    named,
    Buffer.from([0xff, 0xff, 0, 0]),
  ]);
  entry.writeUInt32BE(entry.length, 0);
  const index = Buffer.concat([moov.subarray(0, url), entry, moov.subarray(url + moov.readUInt32BE(url))]);
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref']) {
    const at = index.indexOf(box) - 4;
    index.writeUInt32BE(index.readUInt32BE(at) + entry.length - moov.readUInt32BE(url), at);
  }
  return Buffer.concat([bytes.subarray(0, bytes.readUInt32BE(0)), index]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}

/** One bit a pixel, all black. */
export function pngOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Frames that claim the whole screen and hold one pixel. */
export function gifOf(width: number, height: number, frames: number): Buffer {
  const screen = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  screen.writeUInt16LE(width, 6);
  screen.writeUInt16LE(height, 8);
  const frame = Buffer.from('\x21\xf9\x04\0\x05\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0', 'latin1');
  frame.writeUInt16LE(width, 13);
  frame.writeUInt16LE(height, 15);
  return Buffer.concat([screen, ...Array<Buffer>(frames).fill(frame), Buffer.from(';')]);
}
