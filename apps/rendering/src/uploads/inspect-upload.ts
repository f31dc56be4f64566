import { maxUploadBytes, maxUploadPixels, type UploadMediaType } from '@tower/contracts';
import { FilmRefusal, movingFormatOf, PictureRefusal } from '@tower/imaging';
import { inspectFilm, inspectOutput, OutputFault, type OutputFacts } from '../outputs/inspect-output';
import { textOfRefusal } from '../requests/input-wrong';

export type UploadFacts = OutputFacts<UploadMediaType>;

/** Why a file is not taken, as the interface calls it. */
export type UploadRefusalCode =
  | 'upload_empty'
  | 'upload_too_large'
  | 'upload_type_unsupported'
  | 'upload_too_many_pixels'
  | 'upload_undecodable'
  | 'film_decoder_missing';

export type UploadAnswer = { facts: UploadFacts } | { refused: { code: UploadRefusalCode; message: string } };

const limits = {
  pictures: { maxBytes: maxUploadBytes, maxPixels: maxUploadPixels },
  films: { maxFrames: 4_000, maxPixels: 4096 * 4096, maxSeconds: 60 },
};

const matroska = { mediaType: 'video/x-matroska', extension: 'mkv' } as const;

/** Decodes all of a file that somebody sent, and says what it is, or in one sentence why it is not taken. */
export async function inspectUpload(path: string): Promise<UploadAnswer> {
  try {
    const isMatroska = (await movingFormatOf(path)) === 'matroska';
    // The poster of a film is its first frame: nobody has said yet how many there are.
    const facts = isMatroska
      ? await inspectFilm(path, matroska, 1, limits.films)
      : await inspectOutput(path, 1, limits);
    return { facts };
  } catch (error) {
    const refused = refusalOf(error);
    if (refused === undefined) throw error;
    return { refused };
  }
}

const taken = 'PNG, JPEG, WebP and GIF pictures and MP4, QuickTime, WebM and Matroska films are';

function refusalOf(error: unknown): { code: UploadRefusalCode; message: string } | undefined {
  const cause = error instanceof OutputFault ? (error.cause ?? error) : error;
  if (cause instanceof PictureRefusal || cause instanceof FilmRefusal) {
    const code = codes[cause.reason] ?? 'upload_undecodable';
    if (code === 'upload_type_unsupported')
      return { code, message: `this is not a file that is taken (${cause.message.replace(/\/\S+/g, 'it')}); ${taken}` };
    return { code, message: `the file ${textOfRefusal(cause)}` };
  }
  if (!(cause instanceof OutputFault)) return undefined;
  const code = cause.reason === 'empty' ? 'upload_empty' : 'upload_undecodable';
  return { code, message: cause.reason === 'empty' ? 'the file has no bytes; choose another one' : cause.message };
}

const codes: Partial<Record<PictureRefusal['reason'] | FilmRefusal['reason'], UploadRefusalCode>> = {
  empty: 'upload_empty',
  too_many_bytes: 'upload_too_large',
  not_a_picture: 'upload_type_unsupported',
  svg: 'upload_type_unsupported',
  unsupported_format: 'upload_type_unsupported',
  too_many_pixels: 'upload_too_many_pixels',
  no_decoder: 'film_decoder_missing',
};
