import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { FilmRefusal } from './film-refusal';
import { findFfmpeg } from './find-ffmpeg';

/** Seconds; nothing is decoded or encoded, so only a slow disk takes long. */
const maxSeconds = 120;

/** Bytes of a comment: an argument of a program may have 128 KiB on Linux. */
export const maxFilmCommentBytes = 120_000;

/**
 * Copies a film and puts `comment` into its container in place of whatever metadata it had; every packet stays as it is. The same film and
 * comment give the same bytes with the same ffmpeg. `format` is the container's name for ffmpeg.
 * @throws RangeError for a comment above `maxFilmCommentBytes`; FilmRefusal no_decoder without ffmpeg, undecodable when the container cannot be read, too_slow
 */
export async function writeFilmComment(from: string, to: string, format: 'mp4' | 'webm', comment: string): Promise<void> {
  const program = findFfmpeg();
  if (program === undefined) throw new FilmRefusal('no_decoder', 'ffmpeg does not run; install it or set FFMPEG_PATH');
  if (Buffer.byteLength(comment) > maxFilmCommentBytes) throw new RangeError(`a comment of ${Buffer.byteLength(comment)} bytes exceeds ${maxFilmCommentBytes}`);
  const child = spawn(
    program,
    [
      '-y', '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-protocol_whitelist', 'file', '-i', `file:${resolve(from)}`,
      // An argument and no metadata file: older versions cut its lines at 1,023 bytes.
      '-map', '0', '-map_metadata', '-1', '-metadata', `comment=${comment}`, '-c', 'copy', '-copyts', ...(format === 'mp4' ? ['-movflags', '+faststart'] : []), '-fflags', '+bitexact', '-f', format, `file:${resolve(to)}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], timeout: maxSeconds * 1000, killSignal: 'SIGKILL' },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (signal !== null) throw new FilmRefusal('too_slow', `copying ${from} took more than ${maxSeconds} s`);
  if (code !== 0) throw new FilmRefusal('undecodable', `copying ${from}: ${said.trim().split('\n').at(-1) ?? ''}`);
}
