import type { JobSummary } from '@tower/contracts';

/** A place in the grid: the n-th result of a job. The file itself is read when the place comes into sight. */
export interface Place {
  readonly job: JobSummary;
  readonly index: number;
}

/** What a job has to show; of one that quality rejected every result, for all were made. */
const resultsOf = ({ status, images_complete, count }: JobSummary): number =>
  status === 'rejected' ? Math.max(images_complete, count) : images_complete;

/** Whether every word of the text occurs in what the job was asked for. */
export function hasText(job: JobSummary, text: string): boolean {
  const told = `${job.prompt} ${job.workflow} ${job.model_name} ${job.seed}`.toLocaleLowerCase();
  return text
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => told.includes(word));
}

/** All results of the jobs, in their order, as far as they have the text. */
export const placesOf = (jobs: readonly JobSummary[], text: string): Place[] =>
  jobs
    .filter((job) => !job.calibration && hasText(job, text))
    .flatMap((job) => Array.from({ length: resultsOf(job) }, (_, index) => ({ job, index })));

/** How many tiles of at least `least` pixels stand side by side, with `gap` pixels between them. */
export const columnsIn = (width: number, least: number, gap: number): number =>
  Math.max(1, Math.floor((width + gap) / (least + gap)));
