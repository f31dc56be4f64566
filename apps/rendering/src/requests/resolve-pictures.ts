import type { FieldError } from '@tower/contracts';
import { FilmRefusal, PictureRefusal, sha256File } from '@tower/imaging';
import { AppError, describeError } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import { Artifact } from '../jobs/artifact.entity';
import { Upload } from '../jobs/upload.entity';
import type { InputImage, InputImages } from '../workflows/composition';
import type { MeasuredInput } from '../workflows/values/follow-input';
import type { InputFiles } from './input-files';
import { textOfRefusal } from './input-wrong';

/** A picture or film that a request refers to, by the name under which the job will know it. */
export interface PictureWish {
  name: string;
  /** Id of an artifact or of an upload, or a path below the library. */
  ref: string;
  kind: 'image' | 'film';
  /** Where in the request it stands. */
  pointer: string;
}

interface ResolvedInputs {
  images: InputImages;
  /** By the same names. */
  facts: Record<string, MeasuredInput>;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Finds every picture of a request and decodes it, so that nothing is queued that cannot be used. Adds an entry to
 * `errors` for each that is not there, lies outside the library or does not decode.
 */
export async function resolvePictures(
  tx: EntityManager,
  files: InputFiles,
  wishes: readonly PictureWish[],
  errors: FieldError[],
): Promise<ResolvedInputs> {
  const resolved: ResolvedInputs = { images: {}, facts: {} };
  const known = new Map<string, { image: InputImage; facts: MeasuredInput }>();
  // One after the other: a decoded picture is the largest thing there is.
  for (const wish of wishes) {
    const key = `${wish.kind} ${wish.ref}`;
    try {
      const found = known.get(key) ?? (await resolvePicture(tx, files, wish));
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

async function resolvePicture(
  tx: EntityManager,
  files: InputFiles,
  { ref, kind }: PictureWish,
): Promise<{ image: InputImage; facts: MeasuredInput }> {
  const known = uuid.test(ref) ? await findFile(tx, ref.toLowerCase()) : undefined;
  const path = known?.path ?? ref;
  const real = await files.existing(path);
  const facts = await files.facts(real, kind);
  const sha256 = await sha256File(real);
  if (known && known.sha256 !== sha256)
    throw new AppError('invalid', 'input_altered', `the file of ${known.noun} ${ref} is not the one that was recorded`);
  return { image: { path, sha256 }, facts };
}

/** What has this id: a file of ours with its recorded content. */
async function findFile(tx: EntityManager, id: string): Promise<{ noun: string; path: string; sha256: string }> {
  const artifact = await tx.findOneBy(Artifact, { id });
  if (artifact !== null) return { noun: 'artifact', path: artifact.path, sha256: artifact.sha256 };
  const upload = await tx.findOneBy(Upload, { id });
  if (upload !== null) return { noun: 'upload', path: upload.path, sha256: upload.sha256 };
  throw new AppError('invalid', 'input_unknown', `there is no artifact and no upload ${id}`);
}

/** What is wrong with a picture, for the person who named it; undefined for trouble of our own. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof AppError && error.kind !== 'unavailable') return error.message;
  if (error instanceof PictureRefusal || (error instanceof FilmRefusal && error.reason !== 'no_decoder'))
    return textOfRefusal(error);
  if (error instanceof FilmRefusal)
    throw new AppError('unavailable', 'film_decoder_missing', `films cannot be read here: ${describeError(error)}`, {
      cause: error,
    });
  return undefined;
}
