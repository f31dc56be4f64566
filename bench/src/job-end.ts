import { setTimeout as sleep } from 'node:timers/promises';
import { isOver, type JobView } from '@tower/contracts';
import { call } from './http';

/**
 * Resolves when the job has completed, looking each `everyMs`. Throws with the job's error as soon as it has ended as
 * anything else, since what a benchmark measures after it would be of another kind or never come. `api` is the address
 * of the public interface, with its prefix.
 */
export async function untilCompleted(api: string, jobId: string, everyMs: number): Promise<void> {
  for (;;) {
    const job = await call<Pick<JobView, 'status' | 'error'>>('GET', `${api}/jobs/${jobId}`);
    if (job.status === 'completed') return;
    if (isOver(job.status)) throw new Error(`job ${jobId} ended as ${job.status}: ${JSON.stringify(job.error)}`);
    await sleep(everyMs);
  }
}
