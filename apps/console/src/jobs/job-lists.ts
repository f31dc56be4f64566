import type { JobSummary, JobView } from '@tower/contracts';
import type { JobFilter, JobPages } from '../api/queries';

/** Characters of a prompt in a line of a list, as the interface cuts them. */
const summaryPromptLength = 200;

/** A job as its line in a list. */
export function summaryOf(job: JobView): JobSummary {
  const letters = [...job.prompt];
  return {
    id: job.id,
    project_id: job.project_id,
    job_type: job.job_type,
    workflow: job.workflow,
    preset: job.preset,
    priority: job.priority,
    status: job.status,
    stage: job.stage,
    progress: job.progress,
    prompt: letters.slice(0, summaryPromptLength).join(''),
    prompt_cut: letters.length > summaryPromptLength,
    model_name: job.model_name,
    width: job.width,
    height: job.height,
    frame_count: job.frame_count,
    fps: job.fps,
    seed: job.seed,
    count: job.count,
    calibration: job.calibration,
    images_complete: job.images_complete,
    gpus: job.gpus,
    created_at: job.created_at,
    ended_at: job.ended_at,
    total_seconds: job.total_seconds,
    error: job.error,
  };
}

const belongs = (job: JobSummary, { project_id, state, type, gpu }: JobFilter): boolean =>
  (project_id === undefined || job.project_id === project_id) &&
  (state === undefined || job.status === state) &&
  (type === undefined || job.job_type === type) &&
  (gpu === undefined || job.gpus.includes(gpu));

/** Whether a line comes before another one: newest first, as the interface lists them; ids grow with time. */
const isBefore = (one: JobSummary, other: JobSummary): boolean =>
  one.created_at > other.created_at || (one.created_at === other.created_at && one.id > other.id);

/**
 * The pages of a list after one of its jobs has changed: the line is changed, taken out, or put where it belongs. One
 * that would stand behind what was read so far is left for the page that brings it.
 */
export function withJob(pages: JobPages, job: JobSummary, filter: JobFilter): JobPages {
  const isIn = pages.pages.some(({ items }) => items.some(({ id }) => id === job.id));
  if (!belongs(job, filter)) return isIn ? eachPage(pages, (items) => items.filter(({ id }) => id !== job.id)) : pages;
  if (isIn) return eachPage(pages, (items) => items.map((line) => (line.id === job.id ? job : line)));
  const at = pages.pages.findIndex(({ items }) => items.some((line) => isBefore(job, line)));
  const last = pages.pages.length - 1;
  const isWhole = pages.pages[last]?.next_cursor === undefined;
  const target = at >= 0 ? at : isWhole ? last : -1;
  if (target < 0) return pages;
  return eachPage(pages, (items, page) => {
    if (page !== target) return items;
    const place = items.findIndex((line) => isBefore(job, line));
    return items.toSpliced(place < 0 ? items.length : place, 0, job);
  });
}

const eachPage = (pages: JobPages, change: (items: JobSummary[], page: number) => JobSummary[]): JobPages => ({
  ...pages,
  pages: pages.pages.map((page, index) => ({ ...page, items: change(page.items, index) })),
});

/** All lines that were read so far. */
export const linesOf = (pages: JobPages | undefined): JobSummary[] => pages?.pages.flatMap(({ items }) => items) ?? [];
