import type { ProgressView } from '@tower/contracts';

const barWidth = 24;

/** `rx9070xt  [████████░░░░]  52 %  about 3 s  Sampling 12/24`, or with the place in the queue. */
export function progressLine(label: string, view: ProgressView): string {
  const filled = Math.round((view.progress / 100) * barWidth);
  const bar = `[${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}]`;
  return `${label}  ${(view.gpu ?? 'waiting').padEnd(10)} ${bar} ${String(Math.round(view.progress)).padStart(3)} %  ${remaining(view).padEnd(11)}  ${view.stage}`;
}

function remaining(view: ProgressView): string {
  const seconds = view.estimate.remaining_seconds;
  if (seconds === null) return '';
  if (seconds <= 0) return '';
  return seconds < 90 ? `about ${Math.ceil(seconds)} s` : `about ${Math.ceil(seconds / 60)} min`;
}
