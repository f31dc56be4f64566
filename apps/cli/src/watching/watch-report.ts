import { isOver, type ArtifactView, type JobView, type ProgressView } from '@tower/contracts';
import { fitRows } from '../demo/report';
import { progressLine } from '../demo/progress-line';
import type { Terminal } from '../terminal';

/** What is told of jobs while they are followed: bars on a terminal, plain lines or JSON for everything else. */
export interface WatchReport {
  progress(view: ProgressView): void;
  /** A job is over; `files` are where its artifacts lie, as a person would open them. */
  ended(job: JobView, artifacts: readonly ArtifactView[], files: readonly string[]): void;
  /** No bars from here on. */
  settle(): void;
}

interface Output {
  json: boolean;
  terminal: Terminal;
  write: (line: string) => void;
}

export function watchReport({ json, terminal, write }: Output): WatchReport {
  if (json) return jsonReport(write);
  return terminal.isInteractive ? barReport(terminal, write) : lineReport(write);
}

/** A job that moves says so at least this often, in per cent. */
const plainStep = 25;

function lineReport(write: (line: string) => void): WatchReport {
  const last = new Map<string, string>();
  return {
    progress: (view) => {
      const key = `${view.status} ${view.gpu ?? ''} ${Math.floor(view.progress / plainStep)}`;
      if (last.get(view.job_id) === key || isOver(view.status)) return;
      last.set(view.job_id, key);
      write(`${view.job_id}  ${view.status}, ${Math.round(view.progress)} %: ${view.stage}`);
    },
    ended: (job, _artifacts, files) => describeEnd(job, files).forEach(write),
    settle: () => undefined,
  };
}

function barReport(terminal: Terminal, write: (line: string) => void): WatchReport {
  const bars = new Map<string, { line: string; isOver: boolean }>();
  const draw = (): void => terminal.draw(fitRows([...bars.values()], terminal.rows - 2));
  return {
    progress: (view) => {
      bars.set(view.job_id, { line: progressLine(view.job_id.slice(-8), view), isOver: isOver(view.status) });
      draw();
    },
    ended: (job, _artifacts, files) => {
      bars.delete(job.id);
      // Taken away while something else is written: both may be one screen.
      terminal.draw([]);
      describeEnd(job, files).forEach(write);
      draw();
    },
    settle: () => terminal.draw([]),
  };
}

function jsonReport(write: (line: string) => void): WatchReport {
  const last = new Map<string, string>();
  return {
    progress: (view) => {
      const line = JSON.stringify({ type: 'progress', ...view });
      if (last.get(view.job_id) === line) return;
      last.set(view.job_id, line);
      write(line);
    },
    ended: (job, artifacts, files) => write(JSON.stringify({ type: 'result', job, artifacts, files })),
    settle: () => undefined,
  };
}

/** One line for the job, one for each file. */
function describeEnd(job: JobView, files: readonly string[]): string[] {
  const why = job.error === null ? '' : `: ${job.error.code}: ${job.error.message} ${job.error.hint}`.trimEnd();
  return [`${job.id}  ${job.status}${why}`, ...files.map((file) => `  ${file}`)];
}
