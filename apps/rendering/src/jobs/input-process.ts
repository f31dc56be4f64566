import { decodePicture, movingFormatOf, PictureRefusal, probePicture, readMoving, serveDecoding } from '@tower/imaging';
import type { InputFacts, InputQuestion } from './input-files';

/** Far above what a workflow reads; decoding anything larger would hold up the answer for seconds. */
const pictureLimits = { maxBytes: 64 * 1024 * 1024, maxPixels: 8192 * 8192 };
const filmLimits = { maxFrames: 4_000, maxPixels: 4096 * 4096, maxSeconds: 60 };

serveDecoding(async ({ path, kind }: InputQuestion): Promise<InputFacts> => {
  if (kind === 'image') {
    const { width, height } = await decodePicture(path, pictureLimits);
    return { width, height, frames: 1, fps: null };
  }
  const still = await stillAmongFilms(path);
  if (still !== undefined) return still;
  const { width, height, frames, framesPerSecond } = await readMoving(path, () => undefined, filmLimits);
  return { width, height, frames, fps: framesPerSecond };
});

/** Where a film is asked for: what a picture that does not move says. What is no picture at all is for the reader of films to name. */
async function stillAmongFilms(path: string): Promise<InputFacts | undefined> {
  if ((await movingFormatOf(path)) !== undefined) return undefined;
  try {
    const { width, height, pages } = await probePicture(path, pictureLimits);
    return pages === 1 ? { width, height, frames: 1, fps: null } : undefined;
  } catch (error) {
    if (error instanceof PictureRefusal) return undefined;
    throw error;
  }
}
