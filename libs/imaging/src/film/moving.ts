import { open } from 'node:fs/promises';
import type { Rgb } from '../picture';
import { isAnimationStart, readAnimation } from './animation';
import { readFilm, type FilmFacts, type FilmOptions } from './film';

/** What a moving picture is, told by its first bytes. */
export type MovingFormat = 'mp4' | 'webm' | 'matroska' | 'gif' | 'webp';

/** Bytes that hold the names: brands of ISO media files, the document type of Matroska. */
const startBytes = 64;

/** The format that the first bytes speak of; undefined for anything else. Says nothing about the rest of the file, nor whether a WebP moves. */
export async function movingFormatOf(path: string): Promise<MovingFormat | undefined> {
  const start = await startOf(path);
  const text = Buffer.from(start).toString('latin1');
  if (text.slice(4, 8) === 'ftyp') return /^(?:avi[fs]|hei[cxfms]|mif1|msf1)/.test(text.slice(8)) ? undefined : 'mp4';
  if (text.startsWith('\x1aE\xdf\xa3')) return text.includes('webm') ? 'webm' : 'matroska';
  if (!isAnimationStart(start)) return undefined;
  return text.startsWith('GIF8') ? 'gif' : 'webp';
}

/**
 * Every frame once, in order, whatever the file is: films through ffmpeg, GIF and WebP through libvips.
 * @throws FilmRefusal as `readFilm` and `readAnimation`; the file system's error
 */
export async function readMoving(path: string, onFrame: (frame: Rgb, index: number) => void | Promise<void>, options: FilmOptions = {}): Promise<FilmFacts> {
  return isAnimationStart(await startOf(path)) ? readAnimation(path, onFrame, options) : readFilm(path, onFrame, options);
}

async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
