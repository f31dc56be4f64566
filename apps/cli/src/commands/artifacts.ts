import { spawn } from 'node:child_process';
import { AppError, sizeText } from '@tower/kit';
import type { ArtifactView } from '@tower/contracts';
import { exitCode } from '../exit-codes';
import { artifactsOf, placeOf } from '../watching/follow-jobs';
import { runningApi, writeLines } from './running-api';

/** The files of jobs, one a line: where they lie, or their address where Tower runs elsewhere. */
export async function artifacts(
  ids: readonly string[],
  { json, open }: { json: boolean; open: boolean },
): Promise<number> {
  const api = runningApi();
  const places: string[] = [];
  for (const id of ids)
    for (const artifact of await artifactsOf(api, id)) {
      const place = placeOf(api, artifact);
      places.push(place);
      writeLines([json ? JSON.stringify({ file: place, ...artifact }) : describeArtifact(place, artifact)]);
    }
  if (places.length === 0 && !json) writeLines(['there are no files yet; tower watch says how far it is']);
  if (open) for (const place of places) await openPlace(place);
  return exitCode.done;
}

function describeArtifact(place: string, { width, height, frames, bytes, gpu, seed, verdict }: ArtifactView): string {
  const length = frames === null ? '' : `, ${frames} frames`;
  return `${place}  ${width} × ${height}${length}, ${sizeText(bytes)}, ${gpu}, seed ${seed}, ${verdict ?? 'not judged'}`;
}

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};

/** Hands a file or an address to whatever this desktop opens it with, and does not wait for that to end. */
async function openPlace(place: string): Promise<void> {
  const [program, ...before] = openers[process.platform] ?? ['xdg-open'];
  await new Promise<void>((resolve, reject) => {
    const opener = spawn(program, [...before, place], { detached: true, stdio: 'ignore' });
    opener.once('spawn', () => {
      opener.unref();
      resolve();
    });
    opener.once('error', (cause) =>
      reject(new AppError('unavailable', 'no_opener', `${program} is not here; open it by hand: ${place}`, { cause })),
    );
  });
}
