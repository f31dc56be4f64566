import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { FilmRefusal } from './film-refusal';

/** What a moving picture is, told by its first bytes. */
export type MovingFormat = 'mp4' | 'webm' | 'matroska' | 'gif' | 'webp';

const pngStart = '\x89PNG\r\n\x1a\n';

/** Bytes that hold the names: brands of ISO media files, the document type of Matroska. */
const startBytes = 64;

/**
 * The format that the first bytes speak of; undefined for anything else. Says nothing about the rest of the file, nor
 * whether a WebP moves.
 * @throws FilmRefusal not_a_film for a folder, pipe or device; the file system's error
 */
export async function movingFormatOf(path: string): Promise<MovingFormat | undefined> {
  const text = await startOf(path);
  if (text.slice(4, 8) === 'ftyp') return /^(?:avi[fs]|hei[cxfms]|mif1|msf1)/.test(text.slice(8)) ? undefined : 'mp4';
  if (text.startsWith('\x1aE\xdf\xa3')) return text.includes('webm') ? 'webm' : 'matroska';
  if (text.startsWith('GIF8')) return 'gif';
  return text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP' ? 'webp' : undefined;
}

/** Whether a file begins as PNG, which may move too; which of them do is said further on. */
export const beginsAsPng = async (path: string): Promise<boolean> => (await startOf(path)).startsWith(pngStart);

async function startOf(path: string): Promise<string> {
  // Opening a pipe that nobody writes into would wait for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!(await file.stat()).isFile()) throw new FilmRefusal('not_a_film', `${path} is no regular file`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    return buffer.subarray(0, bytesRead).toString('latin1');
  } finally {
    await file.close();
  }
}
