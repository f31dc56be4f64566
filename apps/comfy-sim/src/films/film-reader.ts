import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { readMoving, type FfmpegInput } from '@tower/imaging';
import { Picture } from '../pictures/picture';
import { Sound } from '../sound/sound';
import { EncoderFailed, runFfmpeg, type EncoderPlace } from './film-encoder';

export interface ReadFilm {
  readonly pictures: readonly Picture[];
  readonly framesPerSecond: number;
}

/** All frames of a film. @throws FilmRefusal */
export async function readPictures(file: string, { ffmpeg, gone }: EncoderPlace): Promise<ReadFilm> {
  const pictures: Picture[] = [];
  const { framesPerSecond } = await readMoving(
    file,
    ({ data, width, height }) => void pictures.push(Picture.fromPixels(Buffer.from(data), width, height)),
    {
      ffmpeg,
      signal: gone,
    },
  );
  return { pictures, framesPerSecond };
}

const heard = { sampleRate: 44_100, channels: 2 } as const;

/** Undefined for a file without sound. @throws EncoderFailed for one that ffmpeg cannot read */
export async function readSound(file: string, place: EncoderPlace): Promise<Sound | undefined> {
  try {
    const options = ['-map', '0:a:0', '-f', 'f32le', '-ar', String(heard.sampleRate), '-ac', String(heard.channels)];
    const bytes = await runFfmpeg(
      { inputs: [{ format: ffmpegFormatOf(file), from: { file } }], options, output: 'stdout' },
      place,
    );
    return Sound.fromInterleaved(bytes, heard.sampleRate, heard.channels);
  } catch (error) {
    if (error instanceof EncoderFailed && error.message.includes('matches no streams')) return undefined;
    throw error;
  }
}

const starts: readonly [RegExp, FfmpegInput['format']][] = [
  [/^....ftyp/s, 'mov'],
  [/^\x1aE\xdf\xa3/, 'matroska'],
  [/^RIFF....WAVE/s, 'wav'],
  [/^fLaC/, 'flac'],
  [/^OggS/, 'ogg'],
  [/^(?:ID3|\xff[\xe2-\xff])/, 'mp3'],
];

/**
 * ffmpeg's name for what the first bytes speak of; it is never left to guess. @throws EncoderFailed for anything else
 */
export function ffmpegFormatOf(file: string): FfmpegInput['format'] {
  if (!existsSync(file)) throw new EncoderFailed(`${file}: No such file or directory`);
  const start = Buffer.alloc(16);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, start, 0, start.length, 0);
  } finally {
    closeSync(fd);
  }
  const found = starts.find(([pattern]) => pattern.test(start.toString('latin1')));
  if (found === undefined) throw new EncoderFailed(`${file}: Invalid data found when processing input`);
  return found[1];
}
