import { sizeText, toAppError, type AppError } from '@tower/kit';
import type { DownloadProgress } from '@tower/models';
import type { Terminal } from '../terminal';
import type { PlannedFile } from './fetch-plan';

/** What a fetch tells: a bar on a terminal, one JSON object per line for everything else. */
interface FetchReport {
  progress(file: PlannedFile, progress: DownloadProgress): void;
  done(file: PlannedFile, outcome: 'present' | 'fetched'): void;
  failed(file: PlannedFile, error: unknown): void;
  stopped(): void;
}

/** Milliseconds between two lines of progress for a program. */
const lineEveryMs = 1_000;

export function fetchReport(options: {
  json: boolean;
  terminal: Terminal;
  write: (line: string) => void;
}): FetchReport {
  return options.json ? jsonReport(options.write) : barReport(options.terminal, options.write);
}

function jsonReport(write: (line: string) => void): FetchReport {
  const told = { at: -Infinity, phase: '' };
  const tell = (event: string, file: PlannedFile, facts: object): void =>
    write(JSON.stringify({ event, name: file.name, on: file.destination, ...facts }));
  return {
    progress: (file, { phase, receivedBytes, totalBytes, bytesPerSecond, reason }) => {
      const now = performance.now();
      if (phase === told.phase && now - told.at < lineEveryMs && receivedBytes !== totalBytes) return;
      Object.assign(told, { at: now, phase });
      tell('progress', file, {
        phase,
        received_bytes: receivedBytes,
        total_bytes: totalBytes,
        bytes_per_second: bytesPerSecond,
        ...(reason === undefined ? {} : { reason }),
      });
    },
    done: (file, outcome) => tell('done', file, { outcome }),
    failed: (file, error) => {
      const { code, message } = shown(error);
      tell('failed', file, { code, message });
    },
    stopped: () => write(JSON.stringify({ event: 'stopped', message: stoppedSentence })),
  };
}

function barReport(terminal: Terminal, write: (line: string) => void): FetchReport {
  const settle = (line: string): void => {
    terminal.draw([]);
    write(line);
  };
  return {
    progress: (file, progress) => terminal.draw([progressLine(file, progress)]),
    done: (file, outcome) =>
      settle(
        outcome === 'fetched'
          ? `${file.name} is now on ${file.destination}`
          : `${file.name} was already on ${file.destination}`,
      ),
    failed: (file, error) => {
      const { code, message } = shown(error);
      settle(`${file.name}, ${file.destination}: ${code}: ${message}`);
    },
    stopped: () => settle(stoppedSentence),
  };
}

const stoppedSentence = 'stopped; what was received is kept, and the same command goes on from there';

/** What is no error of ours still has a sentence worth reading here: nobody else reads a command's errors. */
function shown(error: unknown): Pick<AppError, 'code' | 'message'> {
  const { code, message } = toAppError(error);
  return { code, message: code === 'internal_error' && error instanceof Error ? error.message : message };
}

const barWidth = 24;

export function progressLine(
  file: Pick<PlannedFile, 'name' | 'destination'>,
  { phase, receivedBytes, totalBytes, bytesPerSecond, reason }: DownloadProgress,
): string {
  const share = totalBytes === null || totalBytes === 0 ? undefined : Math.min(1, receivedBytes / totalBytes);
  const full = Math.floor((share ?? 0) * barWidth);
  const bar =
    share === undefined
      ? ''
      : ` [${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
  const amount =
    totalBytes === null ? sizeText(receivedBytes) : `${sizeText(receivedBytes)} of ${sizeText(totalBytes)}`;
  const left =
    totalBytes !== null && bytesPerSecond !== null && bytesPerSecond > 0
      ? `, ${sizeText(bytesPerSecond)}/s, ${duration((totalBytes - receivedBytes) / bytesPerSecond)} left`
      : '';
  const state = { checking: ', checking what is there', receiving: left, waiting: `, waiting: ${reason ?? ''}` }[phase];
  return `${file.name} → ${file.destination}${bar} ${amount}${state}`;
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6_000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`;
}
