import { routes } from '@tower/contracts';
import { exitCode } from '../exit-codes';
import { followJobs, openJobs } from '../watching/follow-jobs';
import { describeJob } from './steer-jobs';
import { runningApi, writeLines } from './running-api';

/** Follows these jobs, or all that are not over, to their ends; ends as `followJobs`. */
export const watch = (ids: readonly string[], { json }: { json: boolean }): Promise<number> =>
  followJobs(runningApi, json, async (api) => {
    const followed = ids.length === 0 ? await openJobs(api) : [...new Set(ids)];
    if (followed.length === 0 && !json) writeLines(['nothing is being made; tower generate asks for something']);
    return followed;
  });

/** Cancels jobs, one after the other. Throws at the first that cannot be; those before it are cancelled. */
export async function cancel(
  ids: readonly string[],
  { json, reason }: { json: boolean; reason: string },
): Promise<number> {
  const api = runningApi();
  for (const id of ids) {
    const job = await api.call(routes.cancelJob, { params: { id }, body: { reason } });
    writeLines(json ? [JSON.stringify(job)] : describeJob(job));
  }
  return exitCode.done;
}
