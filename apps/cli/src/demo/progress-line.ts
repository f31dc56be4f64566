import type { ProgressView } from '@tower/contracts';

const barWidth = 24;

/**
 * `rx9070xt  [████████░░░░]  52 %  about 3 s  Sampling 12/24`, or with the place in the queue; `over 3 s` where the end
 * is not known.
 */
export function progressLine(label: string, view: ProgressView): string {
  const filled = Math.round((view.progress / 100) * barWidth);
  const bar = `[${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}]`;
  return (
    `${label}  ${(view.gpu ?? 'waiting').padEnd(10)} ${bar} ${String(Math.round(view.progress)).padStart(3)} ` +
    `%  ${remaining(view).padEnd(11)}  ${view.stage}`
  );
}

function remaining(view: ProgressView): string {
  const { remaining_seconds: seconds, low } = view.estimate;
  const told = seconds ?? low;
  if (told === null || told <= 0) return '';
  return `${seconds === null ? 'over' : 'about'} ${told < 90 ? `${Math.ceil(told)} s` : `${Math.ceil(told / 60)} min`}`;
}
