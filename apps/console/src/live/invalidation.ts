import type { FeedEvent } from '@tower/contracts';

/** What an event makes old: jobs by their ids, and lists by the first word of their keys. */
export interface Touched {
  readonly jobIds: readonly string[];
  readonly lists: readonly string[];
}

const nothing: Touched = { jobIds: [], lists: [] };

/** What has to be read again because of an event. Unknown kinds touch nothing: the views that show them read by time. */
export function touchedBy({ type, job_id }: Pick<FeedEvent, 'type' | 'job_id'>): Touched {
  const noun = type.split('.').at(-1)?.split('_')[0];
  switch (noun) {
    case 'job':
    case 'attempt':
      return { jobIds: job_id === null ? [] : [job_id], lists: ['gpus', 'status'] };
    case 'gpu':
      return { jobIds: [], lists: ['gpus', 'status', 'workflows', 'workflow'] };
    case 'queue':
      return { jobIds: [], lists: ['gpus', 'status'] };
    case 'project':
      return { jobIds: [], lists: ['projects'] };
    case 'character':
      return { jobIds: [], lists: ['characters'] };
    default:
      return nothing;
  }
}

/** Collects what many events touch, so that each thing is read once for all of them. */
export class TouchedSince {
  private readonly jobIds = new Set<string>();
  private readonly lists = new Set<string>();

  add({ jobIds, lists }: Touched): void {
    for (const id of jobIds) this.jobIds.add(id);
    for (const list of lists) this.lists.add(list);
  }

  get isEmpty(): boolean {
    return this.jobIds.size === 0 && this.lists.size === 0;
  }

  /** What was touched since the last call. */
  take(): Touched {
    const taken = { jobIds: [...this.jobIds], lists: [...this.lists] };
    this.jobIds.clear();
    this.lists.clear();
    return taken;
  }
}
