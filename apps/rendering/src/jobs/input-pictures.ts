import type { FieldError } from '@tower/contracts';
import {
  decodePicture, FilmRefusal, movingFormatOf, PictureRefusal, probePicture, readMoving, sha256File,
} from '@tower/imaging';
import { AppError, describeError } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import type { Library } from '../library/library';
import type { InputImage, InputImages } from '../workflows/composition';
import { Artifact } from './job.entity';

/** A picture or film that a request refers to, by the name under which the job will know it. */
export interface PictureWish {
  name: string;
  /** Id of an artifact, or a path below the library. */
  ref: string;
  kind: 'image' | 'film';
  /** Where in the request it stands. */
  pointer: string;
}

export interface InputFacts {
  /** Pixels. */
  width: number;
  height: number;
  /** 1 for a picture. */
  frames: number;
  /** Frames per second; null for a picture. */
  fps: number | null;
}

export interface ResolvedInputs {
  images: InputImages;
  /** By the same names. */
  facts: Record<string, InputFacts>;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Far above what a workflow reads; decoding anything larger would hold up the answer for seconds. */
const pictureLimits = { maxBytes: 64 * 1024 * 1024, maxPixels: 8192 * 8192 };
const filmLimits = { maxFrames: 4_000, maxPixels: 4096 * 4096, maxSeconds: 60 };

/**
 * Finds every picture of a request and decodes it, so that nothing is queued that cannot be used. Adds an entry to `errors` for each that is
 * not there, lies outside the library or does not decode.
 */
export async function resolvePictures(tx: EntityManager, library: Library, wishes: readonly PictureWish[], errors: FieldError[]): Promise<ResolvedInputs> {
  const resolved: ResolvedInputs = { images: {}, facts: {} };
  const known = new Map<string, { image: InputImage; facts: InputFacts }>();
  // One after the other: a decoded picture is the largest thing in this process.
  for (const wish of wishes) {
    const key = `${wish.kind} ${wish.ref}`;
    try {
      const found = known.get(key) ?? (await resolvePicture(tx, library, wish));
      known.set(key, found);
      resolved.images[wish.name] = found.image;
      resolved.facts[wish.name] = found.facts;
    } catch (error) {
      const message = refusalOf(error);
      if (message === undefined) throw error;
      errors.push({ pointer: wish.pointer, message });
    }
  }
  return resolved;
}

async function resolvePicture(tx: EntityManager, library: Library, { ref, kind }: PictureWish): Promise<{ image: InputImage; facts: InputFacts }> {
  const artifact = uuid.test(ref) ? await tx.findOneBy(Artifact, { id: ref.toLowerCase() }) : undefined;
  if (artifact === null) throw new AppError('invalid', 'input_unknown', `there is no artifact ${ref}`);
  const path = artifact?.path ?? ref;
  const real = await library.existing(path);
  const facts = kind === 'film' ? await filmFacts(real) : await pictureFacts(real);
  const sha256 = await sha256File(real);
  if (artifact && artifact.sha256 !== sha256) throw new AppError('invalid', 'input_altered', `the file of artifact ${ref} is not the one that was recorded`);
  return { image: { path, sha256 }, facts };
}

async function pictureFacts(real: string): Promise<InputFacts> {
  const { width, height } = await decodePicture(real, pictureLimits);
  return { width, height, frames: 1, fps: null };
}

async function filmFacts(real: string): Promise<InputFacts> {
  if ((await movingFormatOf(real)) === undefined && (await isStill(real)))
    throw new AppError('invalid', 'input_still', 'must be a film; this is a still');
  const { width, height, frames, framesPerSecond } = await readMoving(real, () => undefined, filmLimits);
  if (frames < 2) throw new AppError('invalid', 'input_still', 'must be a film; this is a still');
  return { width, height, frames, fps: framesPerSecond };
}

/** Whether it is a picture that does not move. What is no picture at all is for the reader of films to name. */
async function isStill(real: string): Promise<boolean> {
  try {
    return (await probePicture(real, pictureLimits)).pages === 1;
  } catch (error) {
    if (error instanceof PictureRefusal) return false;
    throw error;
  }
}

/** What is wrong with a picture, for the person who named it; undefined for trouble of our own. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof AppError && error.kind !== 'unavailable') return error.message;
  if (error instanceof PictureRefusal) return error.reason === 'animated' ? 'must be a still; this file moves' : `is no picture that can be read: ${error.message}`;
  if (error instanceof FilmRefusal && error.reason !== 'no_decoder') return `is no film that can be read: ${error.message.replace(/^\S+: /, '')}`;
  if (error instanceof FilmRefusal) throw new AppError('unavailable', 'film_decoder_missing', `films cannot be read here: ${describeError(error)}`, { cause: error });
  return undefined;
}
