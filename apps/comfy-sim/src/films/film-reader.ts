import { readFilm } from '@tower/imaging';
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
  const { framesPerSecond } = await readFilm(file, ({ data, width, height }) => void pictures.push(Picture.fromPixels(Buffer.from(data), width, height)), {
    ffmpeg, signal: gone,
  });
  return { pictures, framesPerSecond };
}

const heard = { sampleRate: 44_100, channels: 2 } as const;

/** Undefined for a file without sound. @throws EncoderFailed for one that ffmpeg cannot read */
export async function readSound(file: string, place: EncoderPlace): Promise<Sound | undefined> {
  try {
    const bytes = await runFfmpeg(['-i', file, '-map', '0:a:0', '-f', 'f32le', '-ar', String(heard.sampleRate), '-ac', String(heard.channels), 'pipe:1'], Buffer.alloc(0), place);
    return Sound.fromInterleaved(bytes, heard.sampleRate, heard.channels);
  } catch (error) {
    if (error instanceof EncoderFailed && error.message.includes('matches no streams')) return undefined;
    throw error;
  }
}
