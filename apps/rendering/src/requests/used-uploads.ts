import { invalid } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import type { InputImages } from '../workflows/composition';

/** Where uploads lie; what else somebody puts there is nobody's upload. */
const placeOfUpload = /^uploads\/[0-9a-f]{2}\/[0-9a-f]{64}(~\d+)?\.[a-z0-9]+$/;

/**
 * Notes that a job needs these uploads, however it named them: from then on they are kept, also where the job is not
 * written after all.
 * @throws AppError `upload_gone` for one that was deleted while the request was looked at
 */
export async function useUploads(tx: EntityManager, images: InputImages, now: Date): Promise<void> {
  const paths = [...new Set(Object.values(images).map(({ path }) => path))].filter((path) => placeOfUpload.test(path));
  if (paths.length === 0) return;
  // Looked at first: jobs that share a picture need not wait for each other.
  const rows: { path: string; used: boolean }[] = await tx.query(
    'select path, used_at is not null as used from upload where path = any($1)',
    [paths],
  );
  if (rows.length === paths.length && rows.every(({ used }) => used)) return;
  const [, kept]: [unknown, number] = await tx.query(
    'update upload set used_at = coalesce(used_at, $2) where path = any($1)',
    [paths, now],
  );
  if (kept < paths.length)
    throw invalid('upload_gone', 'an upload that the request names was just deleted, unused; send the file again');
}
