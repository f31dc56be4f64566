import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { routes, type UploadView } from '@tower/contracts';
import { invalid, sizeText } from '@tower/kit';
import type { ApiClient } from '../api-client';
import { isForPeople, runningApi, writeLines } from './running-api';

/** Milliseconds for one file: to send it, and to have all of it decoded. */
const requestMs = 150_000;

/**
 * Sends files, one after the other, and prints a line for each. Throws at the first that is not taken; those before it
 * are there.
 */
export async function upload(paths: readonly string[], { json }: { json: boolean }): Promise<number> {
  const api = runningApi({ requestMs });
  for (const path of paths) {
    const answer = await sendFile(api, path);
    writeLines([isForPeople(json) ? describeUpload(path, answer) : JSON.stringify({ file: path, ...answer })]);
  }
  return 0;
}

/** Sends one file. Throws `file_unreadable`, and what is said of the file. */
export const sendFile = async (api: ApiClient, path: string): Promise<UploadView> =>
  api.sendFile(routes.createUpload, await fileAt(path));

async function fileAt(path: string): Promise<Blob> {
  const found = await stat(path).catch((cause: unknown) => {
    throw invalid('file_unreadable', `${path} cannot be read: ${(cause as Error).message}`);
  });
  if (!found.isFile()) throw invalid('file_unreadable', `${path} is not a file; name a picture or a film`);
  return openAsBlob(path);
}

/** One line for a person. */
export function describeUpload(path: string, upload: UploadView): string {
  const { id, media_type, width, height, frames, bytes, expires_at: until } = upload;
  const length = frames === null ? '' : `, ${frames} frames`;
  const kept = until === null ? 'kept' : `kept until ${until.slice(0, 10)} unless a job names it`;
  return `${id}  ${path}: ${media_type}, ${width} × ${height}${length}, ${sizeText(bytes)}; ${kept}`;
}
