import { isOver, type ProgressView } from '@tower/contracts';
import type { Terminal } from '../terminal';
import { progressLine } from './progress-line';

/** What the demo tells: bars on a terminal, lines or JSON for everything else. */
export interface DemoReport {
  say(sentence: string): void;
  progress(index: number, view: ProgressView): void;
  /** No bars from here on. */
  settle(): void;
  result(facts: DemoResult): void;
}

interface DemoPicture {
  readonly job_id: string;
  readonly path: string;
  readonly sha256: string;
  readonly seed: number;
  readonly gpu: string;
  readonly seconds: number | null;
}

export interface DemoFilm extends DemoPicture {
  readonly frames: number | null;
  readonly fps: number | null;
  readonly duration_seconds: number | null;
}

export interface DemoResult {
  readonly ok: boolean;
  readonly simulated: boolean;
  readonly project_id: string;
  readonly seconds: number;
  readonly pictures: readonly DemoPicture[];
  readonly films: readonly DemoFilm[];
  readonly contact_sheet: string | null;
  readonly failures: readonly { job_id: string; status: string; code: string; message: string; hint: string }[];
}

export function demoReport(options: { json: boolean; terminal: Terminal; write: (line: string) => void }): DemoReport {
  if (options.json) return jsonReport(options.write);
  return options.terminal.isInteractive ? barReport(options.terminal, options.write) : lineReport(options.write);
}

/** A job that moves tells so at least this often, in per cent. */
const plainStep = 25;

function lineReport(write: (line: string) => void): DemoReport {
  const last = new Map<number, string>();
  return {
    say: write,
    progress: (index, view) => {
      const key = `${view.status} ${view.gpu ?? ''} ${Math.floor(view.progress / plainStep)}`;
      if (last.get(index) === key) return;
      last.set(index, key);
      write(
        `${view.frames_total === null ? 'picture' : 'loop'} ${index + 1}: ${view.status}, ` +
          `${Math.round(view.progress)} %${view.gpu === null ? '' : ` on ${view.gpu}`}: ${view.stage}`,
      );
    },
    settle: () => undefined,
    result: (facts) => describeResult(facts).forEach((line) => write(line)),
  };
}

function barReport(terminal: Terminal, write: (line: string) => void): DemoReport {
  const bars = new Map<number, { line: string; isOver: boolean }>();
  const inOrder = (): { line: string; isOver: boolean }[] => [...bars].sort(([a], [b]) => a - b).map(([, bar]) => bar);
  return {
    say: (sentence) => terminal.print(sentence),
    progress: (index, view) => {
      bars.set(index, { line: progressLine(String(index + 1).padStart(2), view), isOver: isOver(view.status) });
      terminal.draw(fitRows(inOrder(), terminal.rows - 2));
    },
    settle: () => {
      terminal.draw([]);
      for (const { line } of inOrder()) terminal.print(line);
      bars.clear();
    },
    result: (facts) => describeResult(facts).forEach((line) => write(line)),
  };
}

/** More bars than the screen has rows: finished ones make room first. */
export function fitRows(bars: readonly { line: string; isOver: boolean }[], rows: number): string[] {
  if (bars.length <= rows) return bars.map((bar) => bar.line);
  const open = bars.filter((bar) => !bar.isOver).map((bar) => bar.line);
  const shown = open.slice(0, Math.max(1, rows - 1));
  return [...shown, `… ${bars.length - open.length} finished, ${open.length - shown.length} more waiting`];
}

function jsonReport(write: (line: string) => void): DemoReport {
  const last = new Map<number, string>();
  return {
    say: (sentence) => write(JSON.stringify({ type: 'note', message: sentence })),
    progress: (index, view) => {
      const { job_id, status, stage, progress, gpu, estimate } = view;
      const line = JSON.stringify({
        type: 'progress',
        index,
        job_id,
        status,
        stage,
        progress,
        gpu,
        remaining_seconds: estimate.remaining_seconds,
      });
      if (last.get(index) === line) return;
      last.set(index, line);
      write(line);
    },
    settle: () => undefined,
    result: (facts) => write(JSON.stringify({ type: 'result', ...facts })),
  };
}

function describeResult(facts: DemoResult): string[] {
  const cards = new Map<string, number>();
  for (const { gpu } of facts.pictures) cards.set(gpu, (cards.get(gpu) ?? 0) + 1);
  const shares = [...cards]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([gpu, count]) => `${gpu}: ${count}`)
    .join(', ');
  const simulated = facts.simulated ? ' The GPUs are SIMULATED: these are drawings, not generated pictures.' : '';
  const count = facts.pictures.length;
  const lines = [
    count === 0
      ? `No picture came out in ${facts.seconds.toFixed(1)} s.`
      : `${count} ${count === 1 ? 'picture' : 'pictures'} in ${facts.seconds.toFixed(1)} s (${shares}).${simulated}`,
  ];
  for (const picture of facts.pictures)
    lines.push(
      `  ${picture.path}  seed ${picture.seed}, ` +
        `${picture.gpu}${picture.seconds === null ? '' : `, ${picture.seconds.toFixed(1)} s`}`,
    );
  for (const film of facts.films)
    lines.push(
      `Loop: ${film.path}  ${film.frames} frames, ${film.fps} per second, seed ${film.seed}, ` +
        `${film.gpu}${film.seconds === null ? '' : `, ${film.seconds.toFixed(1)} s`}`,
    );
  if (facts.contact_sheet !== null) lines.push(`Contact sheet: ${facts.contact_sheet}`);
  for (const failure of facts.failures)
    lines.push(
      `Job ${failure.job_id} ${failure.status}: ${failure.code}: ` +
        `${failure.message}${failure.hint === '' ? '' : ` ${failure.hint}`}`,
    );
  return lines;
}
