import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { FilmRefusal } from './film-refusal';
import { refusalOf, startFfmpeg } from './ffmpeg';
import { ffmpegOrRefusal } from './find-ffmpeg';
import { demuxerOf } from './film-demuxer';

/**
 * Nothing is decoded or encoded, so only a slow disk takes long; the file is at most a little larger than a film of
 * ours.
 */
const bounds = { seconds: 120, memory: 1024 ** 3, written: 4 * 1024 ** 3 };

/** Bytes of a comment: an argument of a program may have 128 KiB on Linux. */
export const maxFilmCommentBytes = 120_000;

/** Bytes that no film has by chance. */
const leastPlaceholder = 32;

/**
 * Copies a film and puts `comment` into its container in place of whatever metadata it had; every packet stays as it
 * is. The same film and comment give the same bytes with the same ffmpeg. `format` is the container's name for ffmpeg.
 * A comment under 32 bytes is filled up with spaces.
 * @throws RangeError for a comment above `maxFilmCommentBytes`; FilmRefusal no_decoder without ffmpeg, not_a_film,
 * undecodable when the container cannot be read,
 * too_slow, over_budget
 */
export async function writeFilmComment(
  from: string,
  to: string,
  format: 'mp4' | 'webm',
  comment: string,
): Promise<void> {
  const program = ffmpegOrRefusal();
  if (Buffer.byteLength(comment) > maxFilmCommentBytes)
    throw new RangeError(`a comment of ${Buffer.byteLength(comment)} bytes exceeds ${maxFilmCommentBytes}`);
  const text = Buffer.from(comment.padEnd(leastPlaceholder, ' '));
  // Prompts are nothing for a command line, which every user of the machine can read, and older versions cut the lines
  // of a metadata file at 1,023 bytes:
  // ffmpeg writes something of the same length, and the comment takes its place.
  const placeholder = Buffer.from(
    randomBytes(leastPlaceholder / 2)
      .toString('hex')
      .padEnd(text.length, '.'),
  );
  const run = startFfmpeg({
    program,
    inputs: [{ format: await demuxerOf(from), from: { file: from } }],
    options: [
      '-map',
      '0',
      '-map_metadata',
      '-1',
      '-metadata',
      `comment=${placeholder.toString('latin1')}`,
      '-c',
      'copy',
      '-copyts',
      ...(format === 'mp4' ? ['-movflags', '+faststart'] : []),
      '-fflags',
      '+bitexact',
      '-f',
      format,
    ],
    output: { file: to },
    bounds,
    runsAs: 'nobody',
  });
  run.stdout.resume();
  const exit = await run.ended;
  if (exit.code !== 0)
    throw refusalOf(
      exit,
      `copying ${from}`,
      bounds,
      () => new FilmRefusal('undecodable', `copying ${from}: ${exit.message}`),
    );
  await replaceOnce(to, placeholder, text);
}

/** Puts `by` in the place of the only `what` of a file; both have one length. */
async function replaceOnce(path: string, what: Buffer, by: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const part = Buffer.alloc(4 * 1024 * 1024);
    let kept = 0;
    for (let end = 0; ;) {
      const { bytesRead } = await file.read(part, kept, part.length - kept, end);
      if (bytesRead === 0) break;
      end += bytesRead;
      const filled = kept + bytesRead;
      const at = part.subarray(0, filled).indexOf(what);
      if (at !== -1) {
        await file.write(by, 0, by.length, end - filled + at);
        return;
      }
      // It may lie across the border of two parts.
      kept = Math.min(filled, what.length - 1);
      part.copyWithin(0, filled - kept, filled);
    }
  } finally {
    await file.close();
  }
  throw new FilmRefusal('undecodable', `${path} has no place for a comment`);
}
