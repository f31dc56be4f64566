import { stat } from 'node:fs/promises';
import type { ArtifactMediaType } from '@tower/contracts';
import {
  checkFileIntegrity,
  decodePicture,
  FilmRefusal,
  isBlack,
  makeFrameThumbnail,
  makeThumbnail,
  measureLevels,
  movingFormatOf,
  PictureRefusal,
  probePicture,
  readMoving,
  type MovingFormat,
  type PictureFormat,
  type PictureLimits,
  type Rgb,
} from '@tower/imaging';
import { readableFilm, readablePicture } from '../workflows/readable';

/** What a rendered file is, found out by decoding all of it. */
export interface OutputFacts<MediaType extends string = ArtifactMediaType> {
  mediaType: MediaType;
  /** Without the dot, by content. */
  extension: string;
  /** Pixels. */
  width: number;
  height: number;
  /** Null for a still, as the next three. */
  frames: number | null;
  fps: number | null;
  durationSeconds: number | null;
  /** There is a track of sound; nothing of it is decoded. */
  sound: boolean | null;
  /** Everything that was looked at is black: a still, or a film's first, middle and last frame. */
  black: boolean;
  /** WebP; of a film its middle frame. */
  thumbnail: Buffer;
}

export type OutputFaultReason = 'empty' | 'truncated' | 'undecodable' | 'unexpected' | 'no_decoder';

/** The file is at fault, or for `no_decoder` this machine. */
export class OutputFault extends Error {
  override readonly name = 'OutputFault';
  constructor(
    readonly reason: OutputFaultReason,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The most that is read of a file. */
interface InspectionLimits {
  readonly pictures: Pick<PictureLimits, 'maxBytes' | 'maxPixels'>;
  readonly films: { readonly maxPixels: number; readonly maxFrames: number; readonly maxSeconds: number };
}

const defaultLimits: InspectionLimits = { pictures: readablePicture, films: readableFilm };

const pictures: Record<PictureFormat, { mediaType: ArtifactMediaType; extension: string }> = {
  png: { mediaType: 'image/png', extension: 'png' },
  jpeg: { mediaType: 'image/jpeg', extension: 'jpg' },
  webp: { mediaType: 'image/webp', extension: 'webp' },
  gif: { mediaType: 'image/gif', extension: 'gif' },
};

const films: Partial<Record<MovingFormat, { mediaType: ArtifactMediaType; extension: string }>> = {
  mp4: { mediaType: 'video/mp4', extension: 'mp4' },
  webm: { mediaType: 'video/webm', extension: 'webm' },
};

/**
 * Decodes every frame of a file, one after the other, and says what it is. `promisedFrames` tells which frame is the
 * middle one before all are counted. Throws `OutputFault` for what is no whole picture or film.
 */
export async function inspectOutput(
  path: string,
  promisedFrames: number,
  limits: InspectionLimits = defaultLimits,
): Promise<OutputFacts> {
  if ((await stat(path)).size === 0) throw new OutputFault('empty', 'the file has no bytes; the encoder failed');
  try {
    const moving = await movingFormatOf(path);
    const film = moving === undefined ? undefined : films[moving];
    if (film) return await inspectFilm(path, film, promisedFrames, limits.films);
    if (moving === 'matroska') throw new OutputFault('unexpected', 'the file is a Matroska film that is no WebM');
    const header = await probePicture(path, limits.pictures);
    return header.pages > 1
      ? await inspectFilm(path, pictures[header.format], promisedFrames, limits.films)
      : await inspectPicture(path, limits.pictures);
  } catch (error) {
    throw faultOf(error);
  }
}

async function inspectPicture(path: string, limits: InspectionLimits['pictures']): Promise<OutputFacts> {
  const picture = await decodePicture(path, limits);
  const container = await checkFileIntegrity(path, limits);
  if (!container.intact)
    throw new OutputFault(
      container.fault === 'truncated' ? 'truncated' : 'undecodable',
      `the ${container.format} is damaged at byte ${container.offset}: ${container.fault}`,
    );
  return {
    ...pictures[picture.format],
    width: picture.width,
    height: picture.height,
    frames: null,
    fps: null,
    durationSeconds: null,
    sound: null,
    black: isBlack(measureLevels(picture)),
    thumbnail: await makeThumbnail(path, { limits }),
  };
}

/**
 * As `inspectOutput`, of what is known to move.
 * @throws FilmRefusal; OutputFault for a film without frames
 */
export async function inspectFilm<MediaType extends string>(
  path: string,
  kind: { mediaType: MediaType; extension: string },
  promisedFrames: number,
  limits: InspectionLimits['films'] = readableFilm,
): Promise<OutputFacts<MediaType>> {
  const middleIndex = Math.floor(promisedFrames / 2);
  let first: Rgb | undefined;
  let middle: Rgb | undefined;
  let last: Rgb | undefined;
  const facts = await readMoving(
    path,
    (frame, index) => {
      first ??= frame;
      if (index <= middleIndex) middle = frame;
      last = frame;
    },
    limits,
  );
  // A film without frames is refused by the reader.
  if (!first || !middle || !last) throw new OutputFault('undecodable', 'the film has no frames');
  const looked = [first, middle, last];
  return {
    ...kind,
    width: facts.width,
    height: facts.height,
    frames: facts.frames,
    fps: Math.round(facts.framesPerSecond * 1000) / 1000,
    durationSeconds: Math.round(facts.durationSeconds * 1000) / 1000,
    sound: facts.sound !== null,
    black: looked.every((frame) => isBlack(measureLevels(frame))),
    thumbnail: await makeFrameThumbnail(middle),
  };
}

function faultOf(error: unknown): unknown {
  if (error instanceof PictureRefusal) {
    const reason = error.reason === 'truncated' || error.reason === 'empty' ? error.reason : 'undecodable';
    return new OutputFault(reason, `the file does not decode: ${error.message}`, { cause: error });
  }
  if (!(error instanceof FilmRefusal)) return error;
  if (error.reason === 'no_decoder') return new OutputFault('no_decoder', error.message, { cause: error });
  return new OutputFault('undecodable', `the film does not decode to its end: ${error.reason}`, { cause: error });
}
