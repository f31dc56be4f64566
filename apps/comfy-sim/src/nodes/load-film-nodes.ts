import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { FilmRefusal, movingFormatOf } from '@tower/imaging';
import { readPictures, readSound, type ReadFilm } from '../films/film-reader';
import type { EncoderPlace } from '../films/film-encoder';
import type { Folders } from '../files/folders';
import type { Picture } from '../pictures/picture';
import { PyError } from '../python/errors';
import { str } from '../python/text';
import { PyFloat, dict, type PyDict, type PyValue } from '../python/values';
import { codecFailure, filmPlace } from './film-place';
import { SoundValue } from './media-values';
import type { NodeBehaviour, NodeCall, NodeResult } from './node-behaviour';
import { ImageValue } from './node-value';

/** Seconds per megapixel to decode. */
const decodingCost = 0.01;
const megapixel = 1_000_000;
/**
 * What the pack's formats round sizes to; any other, `None` among them, takes them as they are (videohelpersuite 1.5).
 */
const sizeSteps: Record<string, number> = { AnimateDiff: 8, Mochi: 16, LTXV: 32, Hunyuan: 16, Cosmos: 16, Wan: 8 };

type Locate = (folders: Folders, posted: string) => string;

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** VHS_LoadVideo takes a file of the input folder, VHS_LoadVideoPath any path of the server. */
function loader(functionName: string, locate: Locate): NodeBehaviour {
  return {
    functionName,
    fingerprint: (inputs, folders) => {
      const posted = inputs.get('video');
      return posted === undefined ? null : hashOf(locate(folders, str(posted)));
    },
    async run(call) {
      const file = locate(call.runtime.folders, call.text('video'));
      if (!existsSync(file)) throw new PyError('Exception', `video is not a valid path: ${file}`);
      return load(call, file);
    },
  };
}

export const loadVideoUpload = loader('LoadVideoUpload.load_video', (folders, posted) => folders.annotatedPath(posted));
export const loadVideoPath = loader('LoadVideoPath.load_video', (_, posted) => posted);

async function load(call: NodeCall, file: string): Promise<NodeResult> {
  const notLoaded = (): PyError => new PyError('ValueError', `${file} could not be loaded with cv.`);
  const place = filmPlace(call, notLoaded);
  // OpenCV opens an animated WebP and gets no frame of it.
  if ((await movingFormatOf(file)) === 'webp') throw notLoaded();
  const film = await readPictures(file, place).catch((error: unknown) => {
    throw error instanceof FilmRefusal ? notLoaded() : error;
  });
  const chosen = chooseFrames(film, call);
  if (chosen.length === 0) throw new PyError('RuntimeError', 'No frames generated');
  const [{ width, height } = { width: 0, height: 0 }] = film.pictures;
  for (let done = 1; done <= chosen.length; done += 1) {
    await call.runtime.work((decodingCost * width * height) / megapixel);
    await call.runtime.tick(done, chosen.length);
  }
  const sizeStep = sizeSteps[call.has('format') ? call.text('format') : 'None'] ?? 1;
  const pictures = chosen.map((picture) =>
    sized(picture, call.int('custom_width'), call.int('custom_height'), sizeStep),
  );
  const rate = targetRate(film, call);
  const sound = await soundOf(call, file, place, rate);
  return { outputs: [new ImageValue(pictures), pictures.length, sound, videoInfo(film, pictures, rate)] };
}

/** As long as the frames that are loaded; of all of them, whole. */
async function soundOf(call: NodeCall, file: string, place: EncoderPlace, rate: number): Promise<SoundValue | null> {
  const sound = await readSound(file, place).catch((error: unknown) => {
    throw codecFailure(error);
  });
  if (sound === undefined) return null;
  const from = call.int('skip_first_frames') / rate;
  const cap = (call.int('frame_load_cap') * call.int('select_every_nth')) / rate;
  return new SoundValue(sound.between(from, cap > 0 ? from + cap : Infinity));
}

const targetRate = ({ framesPerSecond }: ReadFilm, call: NodeCall): number =>
  call.float('force_rate') === 0 ? framesPerSecond : call.float('force_rate');

/** Frames are dropped or doubled to the forced rate, and then skipped, thinned out and capped, in this order. */
function chooseFrames(film: ReadFilm, call: NodeCall): Picture[] {
  const rate = targetRate(film, call);
  const count = Math.floor((film.pictures.length / film.framesPerSecond) * rate + 1e-6);
  const atRate =
    rate === film.framesPerSecond
      ? film.pictures
      : Array.from(
          { length: count },
          (_, index) =>
            film.pictures[
              Math.min(film.pictures.length - 1, Math.floor((index * film.framesPerSecond) / rate))
            ] as Picture,
        );
  const every = call.int('select_every_nth');
  const thinned = atRate.slice(call.int('skip_first_frames')).filter((_, index) => index % every === 0);
  const cap = call.int('frame_load_cap');
  return cap > 0 ? thinned.slice(0, cap) : thinned;
}

/** A side of 0 follows the other; with both, each keeps its own. */
function sized(picture: Picture, width: number, height: number, sizeStep: number): Picture {
  const round = (side: number): number => Math.max(sizeStep, Math.floor(side / sizeStep + 0.5) * sizeStep);
  const [ownWidth, ownHeight] =
    width === 0 && height === 0
      ? [picture.width, picture.height]
      : [(picture.width * height) / picture.height, (picture.height * width) / picture.width];
  const [wide, tall] = [round(width === 0 ? ownWidth : width), round(height === 0 ? ownHeight : height)];
  return wide === picture.width && tall === picture.height ? picture : picture.scaled(wide, tall, 'lanczos3', 'centre');
}

function videoInfo(film: ReadFilm, loaded: readonly Picture[], rate: number): PyDict {
  const about = (kind: string, pictures: readonly Picture[], fps: number): Record<string, PyValue> => ({
    [`${kind}_fps`]: new PyFloat(fps),
    [`${kind}_frame_count`]: pictures.length,
    [`${kind}_duration`]: new PyFloat(pictures.length / fps),
    [`${kind}_width`]: pictures[0]?.width ?? 0,
    [`${kind}_height`]: pictures[0]?.height ?? 0,
  });
  return dict({ ...about('source', film.pictures, film.framesPerSecond), ...about('loaded', loaded, rate) });
}
