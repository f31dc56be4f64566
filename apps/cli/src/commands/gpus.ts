import { setTimeout as sleep } from 'node:timers/promises';
import { isOver, routes, type CalibrationStarted, type JobView } from '@tower/contracts';
import { AppError } from '@tower/kit';
import type { ApiClient } from '../api-client';
import { interruptedExitCode, stopOnSignals } from '../interruption';
import { Terminal } from '../terminal';
import { isForPeople, runningApi, writeLines } from './running-api';

/** Milliseconds between two looks at a job. */
const lookEveryMs = 1_000;
/** The same for each job that is left: many are looked at less often. */
const perJobMs = 100;

type Asked = CalibrationStarted['jobs'][number] & { gpu: string };

export interface CalibrateOptions {
  gpu?: string;
  workflow?: string;
  json: boolean;
}

/**
 * Measures one card or all that there are, and follows that to its end; Ctrl-C cancels what is left. 0 when all was
 * measured, 1 when something failed or could not begin, 130 after Ctrl-C.
 */
export async function gpusCalibrate(options: CalibrateOptions): Promise<number> {
  const stop = new AbortController();
  stopOnSignals({ onStop: () => stop.abort(), onKill: () => undefined, leave: (code) => process.exit(code) });
  const api = runningApi();
  const report = reporter(options.json);
  const names = options.gpu === undefined ? await cardNames(api) : [options.gpu];
  const { jobs, failed } = await askFor(api, names, options, report);
  const follows = jobs.map((job) => ({ job, view: undefined as JobView | undefined }));
  while (follows.some(({ view }) => view === undefined || !isOver(view.status))) {
    if (stop.signal.aborted) return cancelLeft(api, follows, report);
    for (const follow of follows.filter(({ view }) => view === undefined || !isOver(view.status))) {
      follow.view = await api.call(routes.getJob, { params: { id: follow.job.job_id } });
      if (isOver(follow.view.status)) report.ended(follow.job, follow.view);
    }
    report.progress(follows.filter(({ view }) => view !== undefined && !isOver(view.status)));
    const left = follows.filter(({ view }) => view === undefined || !isOver(view.status)).length;
    await sleep(Math.max(lookEveryMs, left * perJobMs), undefined, { signal: stop.signal }).catch(() => undefined);
  }
  report.progress([]);
  return failed || follows.some(({ view }) => view?.status !== 'completed') ? 1 : 0;
}

async function cardNames(api: ApiClient): Promise<string[]> {
  const { rendering } = await api.call(routes.getStatus, {});
  if (rendering === null)
    throw new AppError(
      'unavailable',
      'rendering_silent',
      'rendering does not answer, so the cards are not known; ask again',
    );
  return rendering.gpus.map(({ name }) => name);
}

/** A card that cannot be measured now is told, and the others are measured all the same. */
async function askFor(
  api: ApiClient,
  names: readonly string[],
  { workflow }: CalibrateOptions,
  report: Report,
): Promise<{ jobs: Asked[]; failed: boolean }> {
  const jobs: Asked[] = [];
  let failed = false;
  for (const name of names) {
    try {
      const started = await api.call(routes.calibrateGpu, {
        params: { name },
        body: workflow === undefined ? {} : { workflow },
      });
      report.started(started);
      jobs.push(...started.jobs.map((job) => ({ ...job, gpu: name })));
    } catch (error) {
      if (!(error instanceof AppError) || names.length === 1) throw error;
      failed = true;
      report.refused(name, error);
    }
  }
  return { jobs, failed };
}

async function cancelLeft(
  api: ApiClient,
  follows: readonly { job: Asked; view: JobView | undefined }[],
  report: Report,
): Promise<number> {
  for (const { job, view } of follows) {
    if (view !== undefined && isOver(view.status)) continue;
    const cancelled = await api
      .call(routes.cancelJob, { params: { id: job.job_id }, body: { reason: 'the calibration was stopped' } })
      .catch((error: unknown) => {
        // It ended by itself in this moment.
        if (error instanceof AppError && error.code === 'job_already_over') return undefined;
        throw error;
      });
    if (cancelled !== undefined) report.ended(job, cancelled);
  }
  return interruptedExitCode;
}

interface Report {
  started(this: void, started: CalibrationStarted): void;
  refused(this: void, gpu: string, error: AppError): void;
  ended(this: void, job: Asked, view: JobView): void;
  progress(this: void, running: readonly { job: Asked; view: JobView | undefined }[]): void;
}

function reporter(json: boolean): Report {
  if (!isForPeople(json)) return jsonReport;
  const terminal = new Terminal(process.stdout);
  return {
    started: ({ gpu, jobs, skipped }) => {
      terminal.print(`${gpu}: ${jobs.length} jobs to measure it, each when nothing else waits for it`);
      for (const { workflow, model_name, reason } of skipped)
        terminal.print(
          `  without ${[workflow, ...(model_name === null ? [] : [model_name])].join(' with ')}: ${reason}`,
        );
    },
    refused: (gpu, error) => terminal.print(`${gpu}: ${error.message}`),
    ended: (job, view) => terminal.print(`  ${describe(job)}: ${outcomeOf(view)}`),
    progress: (running) =>
      terminal.draw(running.slice(0, 8).map(({ job, view }) => `  ${describe(job)}: ${view?.stage ?? 'waiting'}`)),
  };
}

const describe = ({ gpu, workflow, model_name, width, height, frame_count, steps }: Asked): string =>
  [
    gpu,
    workflow,
    ...(model_name === '' ? [] : [model_name]),
    `${width} × ${height}${frame_count === 1 ? '' : ` × ${frame_count} frames`}`,
    ...(steps === 0 ? [] : [`${steps} steps`]),
  ].join(', ');

/** What the card took for each attempt, by its own account. */
function outcomeOf({ status, tasks, error }: JobView): string {
  if (status !== 'completed') return `${status}${error === null ? '' : `: ${error.message}`}`;
  const seconds = tasks.flatMap(({ attempts }) => attempts.flatMap((attempt) => attempt.seconds ?? []));
  return seconds.map((one) => `${one.toFixed(1)} s`).join(', then ');
}

const line = (entry: object): void => writeLines([JSON.stringify(entry)]);

/** One object per line. */
const jsonReport: Report = {
  started: (started) => line({ event: 'started', ...started }),
  refused: (gpu, error) => line({ event: 'refused', gpu, code: error.code, message: error.message }),
  ended: (job, view) =>
    line({
      event: 'ended',
      ...job,
      status: view.status,
      seconds: view.tasks.flatMap(({ attempts }) => attempts.flatMap((attempt) => attempt.seconds ?? [])),
      error: view.error,
    }),
  progress: () => undefined,
};
