import { join } from 'node:path';
import { isOver, routes, type ArtifactView, type JobView } from '@tower/contracts';
import { AppError } from '@tower/kit';
import type { ApiClient } from '../api-client';
import { watchJob } from '../demo/job-watch';
import { readTowerEnv } from '../env';
import { exitCode } from '../exit-codes';
import { stopOnSignals } from '../interruption';
import { findRunningTower } from '../launcher/running-tower';
import { Terminal } from '../terminal';
import { watchReport, type WatchReport } from './watch-report';

/** Makes the interface that the command talks to, and that gives up when it is interrupted. */
type Connect = (options: { signal: AbortSignal; patienceMs: number }) => ApiClient;

/** Milliseconds for which a Tower that restarts is waited for. */
const patienceMs = 60_000;

/**
 * Follows the jobs that `begin` names to their ends, all at once, and tells of them. Ctrl-C ends the watching alone:
 * the jobs go on. 0 when all of them were completed, 3 when one was not, 130 when it was interrupted.
 */
export async function followJobs(
  connect: Connect,
  json: boolean,
  begin: (api: ApiClient) => Promise<readonly string[]>,
): Promise<number> {
  const interrupted = new AbortController();
  stopOnSignals({
    onStop: () => interrupted.abort(new AppError('unavailable', 'interrupted', 'interrupted; the jobs go on')),
    onKill: () => undefined,
    leave: (code) => process.exit(code),
  });
  const { signal } = interrupted;
  const terminal = new Terminal();
  const report = watchReport({ json, terminal, write: (line) => process.stdout.write(`${line}\n`) });
  try {
    const api = connect({ signal, patienceMs });
    const ids = await begin(api);
    const jobs = await Promise.all(ids.map((id) => followOne(api, id, report, signal)));
    return jobs.every(({ status }) => status === 'completed') ? exitCode.done : exitCode.notCompleted;
  } catch (error) {
    if (!signal.aborted) throw error;
    report.settle();
    terminal.print('tower: interrupted; the jobs go on');
    return exitCode.interrupted;
  } finally {
    report.settle();
  }
}

async function followOne(api: ApiClient, id: string, report: WatchReport, signal: AbortSignal): Promise<JobView> {
  const feed = { id, websocketPath: `/ws/jobs/${id}` };
  const job = await watchJob(api, feed, { onProgress: (view) => report.progress(view), signal });
  const artifacts = await artifactsOf(api, id);
  report.ended(
    job,
    artifacts,
    artifacts.map((artifact) => placeOf(api, artifact)),
  );
  return job;
}

/** All files of a job, in their order. */
export async function artifactsOf(api: ApiClient, id: string): Promise<ArtifactView[]> {
  const found: ArtifactView[] = [];
  for (let cursor: string | undefined; ;) {
    const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
    const page = await api.call(routes.listJobArtifacts, { params: { id }, query });
    found.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === undefined) return found.reverse();
  }
}

/** Where a file can be opened: in the library of the Tower that runs here, else at its address. */
export function placeOf(api: ApiClient, { path, content_url: address }: ArtifactView): string {
  const running = findRunningTower(readTowerEnv().TOWER_HOME);
  return running?.url === api.url ? join(running.library, path) : new URL(address, api.url).href;
}

/** Jobs that are not over, oldest first; 200 of each state at most. */
export async function openJobs(api: ApiClient): Promise<string[]> {
  const states = ['pending', 'queued', 'processing', 'quality_check'] as const;
  const pages = await Promise.all(states.map((state) => api.call(routes.listJobs, { query: { state, limit: 200 } })));
  return pages
    .flatMap(({ items }) => items)
    .filter(({ status }) => !isOver(status))
    .map(({ id }) => id)
    .sort();
}
