import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';

const unpack = promisify(inflate);

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Chunks that are passed; a camera's file has dozens. */
const maxChunks = 10_000;
const textChunks = new Set(['tEXt', 'zTXt', 'iTXt']);

/**
 * Texts that a PNG carries under these keywords (tEXt, zTXt, iTXt), wherever in the file they stand; of several under
 * one keyword the first. A text of more than `maxBytes`, packed or not, and one that cannot be unpacked are null. What
 * is no PNG, or is damaged, has those that come before the damage. Checksums are not looked at.
 * Formula source: PNG third edition, section 11.3.3.
 * @throws the file system's own error
 */
export async function readPngTexts(
  path: string,
  keywords: readonly string[],
  maxBytes: number,
): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>();
  const file = await open(path, 'r');
  try {
    if (!(await piece(file, 0, 8)).equals(signature)) return found;
    let at = 8;
    for (let n = 0; n < maxChunks; n += 1) {
      const head = await piece(file, at, 8);
      if (head.length < 8) break;
      const length = head.readUInt32BE(0);
      const type = head.toString('latin1', 4, 8);
      if (type === 'IEND') break;
      if (textChunks.has(type)) await readText(file, { type, at: at + 8, length }, keywords, maxBytes, found);
      at += 12 + length;
    }
  } finally {
    await file.close();
  }
  return found;
}

interface Chunk {
  type: string;
  /** Where its data begin, and how many bytes they are. */
  at: number;
  length: number;
}

async function readText(
  file: FileHandle,
  { type, at, length }: Chunk,
  keywords: readonly string[],
  maxBytes: number,
  found: Map<string, string | null>,
): Promise<void> {
  // A keyword has 79 bytes at most, and the fields before the text a few more.
  const start = await piece(file, at, Math.min(length, 80));
  const end = start.indexOf(0);
  const keyword = start.toString('latin1', 0, Math.max(0, end));
  if (!keywords.includes(keyword) || found.has(keyword)) return;
  if (length > maxBytes + 1_000) found.set(keyword, null);
  else found.set(keyword, await textOf(type, (await piece(file, at, length)).subarray(end + 1), maxBytes));
}

async function textOf(type: string, rest: Buffer, maxBytes: number): Promise<string | null> {
  try {
    if (type === 'tEXt') return rest.length > maxBytes ? null : rest.toString('latin1');
    if (type === 'zTXt') return (await unpacked(rest.subarray(1), maxBytes)).toString('latin1');
    // Flag, method, language and translated keyword, each of the last two ended by a zero.
    const isPacked = rest[0] === 1;
    const text = rest.subarray(rest.indexOf(0, rest.indexOf(0, 2) + 1) + 1);
    if (isPacked) return (await unpacked(text, maxBytes)).toString('utf8');
    return text.length > maxBytes ? null : text.toString('utf8');
  } catch {
    // Larger than may be, or damaged: to whoever asks that is the same, there is no text to be had.
    return null;
  }
}

const unpacked = (bytes: Buffer, maxOutputLength: number): Promise<Buffer> => unpack(bytes, { maxOutputLength });

async function piece(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
