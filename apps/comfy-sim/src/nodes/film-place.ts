import { findFfmpeg } from '@tower/imaging';
import { EncoderFailed, FilmEncoder, type EncoderPlace, type FilmFile } from '../films/film-encoder';
import type { Picture } from '../pictures/picture';
import { PyError } from '../python/errors';
import { dumpJson } from '../python/json';
import { isDict } from '../python/values';
import type { NodeCall } from './node-behaviour';

/** Where a node's films are encoded. Throws what `missing` makes when the machine has no ffmpeg. */
export function filmPlace(call: NodeCall, missing: () => PyError): EncoderPlace {
  const ffmpeg = findFfmpeg();
  if (ffmpeg === undefined) throw missing();
  return { ffmpeg, tempFolder: call.runtime.folders.path('temp'), gone: call.runtime.gone };
}

/** The real server brings its codecs along; this one can lack them. */
export const noCodecs = (): PyError =>
  new PyError(
    'av.error.EncoderNotFoundError',
    '[Errno 1129203192] Encoder not found; the simulator needs ffmpeg: install it or set FFMPEG_PATH',
  );

export const codecFailure = (error: unknown): unknown =>
  error instanceof EncoderFailed
    ? new PyError(
        'av.error.ExternalError',
        `[Errno 542398533] Generic error in an external library; last error log: ${error.message.trim()}`,
      )
    : error;

/** The whole film at once, without a tick. @throws PyError of av */
export async function encode(pictures: readonly Picture[], film: FilmFile, place: EncoderPlace): Promise<void> {
  const encoder = FilmEncoder.open(film, place);
  try {
    for (const picture of pictures) await encoder.write(await picture.pixels());
    await encoder.close();
  } catch (error) {
    throw codecFailure(error);
  }
}

/** The prompt and what the client sent along, as JSON texts by name. */
export function metadataTexts(call: NodeCall): Map<string, string> {
  if (!call.runtime.writesMetadata) return new Map();
  const info = call.extraData.get('extra_pnginfo') ?? null;
  return new Map([
    ['prompt', dumpJson(call.prompt)],
    ...(isDict(info) ? [...info].map(([key, value]): [string, string] => [key, dumpJson(value)]) : []),
  ]);
}
