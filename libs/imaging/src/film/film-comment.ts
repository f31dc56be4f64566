import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FilmRefusal } from './film-refusal';
import { findFfmpeg } from './find-ffmpeg';

/** Seconds; nothing is decoded or encoded, so only a slow disk takes long. */
const maxSeconds = 120;

/** Values of ffmpeg's metadata files: these signs mean something there. */
const escaped = (value: string): string => value.replace(/[=;#\\\n]/g, (sign) => `\\${sign}`);

/**
 * Copies a film and puts `comment` into its container in place of whatever metadata it had; every packet stays as it is. The same film and
 * comment give the same bytes with the same ffmpeg. `format` is the container's name for ffmpeg.
 * @throws FilmRefusal no_decoder without ffmpeg, undecodable when the container cannot be read, too_slow
 */
export async function writeFilmComment(from: string, to: string, format: 'mp4' | 'webm', comment: string): Promise<void> {
  const program = findFfmpeg();
  if (program === undefined) throw new FilmRefusal('no_decoder', 'ffmpeg does not run; install it or set FFMPEG_PATH');
  const metadata = `${to}.ffmetadata`;
  await writeFile(metadata, `;FFMETADATA1\ncomment=${escaped(comment)}\n`);
  try {
    const child = spawn(
      program,
      [
        '-y', '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-protocol_whitelist', 'file', '-i', `file:${resolve(from)}`,
        '-f', 'ffmetadata', '-protocol_whitelist', 'file', '-i', `file:${resolve(metadata)}`,
        '-map', '0', '-map_metadata', '1', '-c', 'copy', '-copyts', ...(format === 'mp4' ? ['-movflags', '+faststart'] : []), '-fflags', '+bitexact', '-f', format, `file:${resolve(to)}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], timeout: maxSeconds * 1000, killSignal: 'SIGKILL' },
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal !== null) throw new FilmRefusal('too_slow', `copying ${from} took more than ${maxSeconds} s`);
    if (code !== 0) throw new FilmRefusal('undecodable', `copying ${from}: ${said.trim().split('\n').at(-1) ?? ''}`);
  } finally {
    await rm(metadata, { force: true });
  }
}
