import { decodePicture, movingFormatOf, PictureRefusal, probePicture, readMoving, serveDecoding } from '@tower/imaging';
import type { MeasuredInput } from '../workflows/values/follow-input';
import type { InputAnswer, InputQuestion } from './input-files';
import type { WrongInput } from './input-wrong';

/** Far above what a workflow reads; decoding anything larger would hold up the answer for seconds. */
const pictureLimits = { maxBytes: 64 * 1024 * 1024, maxPixels: 8192 * 8192 };
const filmLimits = { maxFrames: 4_000, maxPixels: 4096 * 4096, maxSeconds: 60 };

serveDecoding(({ path, kind }: InputQuestion): Promise<InputAnswer> =>
  kind === 'image' ? measurePicture(path) : measureFilm(path),
);

async function measurePicture(path: string): Promise<InputAnswer> {
  const moving = await movingFormatOf(path);
  if (moving !== undefined && moving !== 'gif' && moving !== 'webp') return wrongly('film_for_picture');
  if ((await probePicture(path, pictureLimits)).isDeepGrey) return wrongly('deep_grey');
  const { width, height, isOpaque } = await decodePicture(path, pictureLimits);
  return {
    facts: { width, height, frames: 1, fps: null, durationSeconds: null, sound: null, isTransparent: !isOpaque },
  };
}

async function measureFilm(path: string): Promise<InputAnswer> {
  const picture = await pictureAmongFilms(path);
  if (picture !== undefined) return wrongly(picture);
  const film = await readMoving(path, () => undefined, filmLimits);
  if (film.frames < 2) return wrongly('still_for_film');
  if (film.variableRate) return wrongly('variable_rate');
  if (film.sampleAspect !== '1/1') return wrongly('oblong_pixels');
  const { width, height, frames, framesPerSecond: fps, durationSeconds, sound } = film;
  const facts: MeasuredInput = { width, height, frames, fps, durationSeconds, sound, isTransparent: false };
  return { facts };
}

const wrongly = (wrong: WrongInput): InputAnswer => ({ wrong });

/** Where a film is asked for: that it is a picture instead. What is neither is for the reader of films to name. */
async function pictureAmongFilms(path: string): Promise<WrongInput | undefined> {
  const moving = await movingFormatOf(path);
  if (moving !== undefined && moving !== 'gif' && moving !== 'webp') return undefined;
  try {
    const { pages } = await probePicture(path, pictureLimits);
    return pages === 1 ? 'still_for_film' : 'animation_for_film';
  } catch (error) {
    if (error instanceof PictureRefusal) return undefined;
    throw error;
  }
}
