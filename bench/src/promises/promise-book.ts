import type { EstimateView } from '@tower/contracts';

/** What was said of a job's end at one moment. Seconds since the start of the run. */
interface Statement {
  at: number;
  finishAt: number;
  low: number;
  high: number;
}

export interface PromisedJob {
  id: string;
  kind: string;
  statements: Statement[];
  /** How often it was said that the end is not known. */
  unknown: number;
  startedAt: number | null;
  endedAt: number | null;
}

/** How statements about ends turned out. */
export interface Kept {
  jobs: number;
  /** Without a stated interval at that moment: the end was said to be unknown. */
  unstated: number;
  /** Share of the stated intervals in which the end lay; null where nothing was stated. */
  within: number | null;
  /** Median width of the intervals, and median distance of the stated end, both by what was left to wait. */
  relative_width_p50: number | null;
  relative_error_p50: number | null;
  /** Of the ends outside their interval: how many came before it, and after it; and by how many seconds at the median. */
  early: Missed;
  late: Missed;
  /** Of each kind, how many ends lay in the interval of how many. */
  by_kind: Record<string, string>;
}

interface Missed {
  jobs: number;
  seconds_p50: number | null;
}

/** What was promised of each job, and when things changed for the queue. */
export class PromiseBook {
  readonly jobs = new Map<string, PromisedJob>();
  private readonly changes: number[] = [];

  constructor(private readonly now: () => number) {}

  /** Something happened that moves others: a job came, a card went. */
  changed(): void {
    this.changes.push(this.now());
  }

  accepted(id: string, kind: string, estimate: EstimateView): void {
    this.changed();
    this.jobs.set(id, { id, kind, statements: [], unknown: 0, startedAt: null, endedAt: null });
    this.said(id, estimate);
  }

  said(id: string, { remaining_seconds, low, high }: EstimateView): void {
    const job = this.jobs.get(id);
    if (!job) return;
    if (remaining_seconds === null || low === null || high === null) job.unknown++;
    else {
      const at = this.now();
      job.statements.push({ at, finishAt: at + remaining_seconds, low: at + low, high: at + high });
    }
  }

  /** The statement of its acceptance, where one was made. */
  atAcceptance(): Kept {
    return kept([...this.jobs.values()].map((job) => ({ job, statement: job.statements[0] })));
  }

  /** The first statement after the last change of the queue that could move the job: before it started. */
  restated(): Kept {
    return kept(
      [...this.jobs.values()].map((job) => {
        const lastChange = Math.max(0, ...this.changes.filter((at) => at <= (job.startedAt ?? Infinity)));
        return { job, statement: job.statements.find(({ at }) => at >= lastChange) ?? job.statements.at(-1) };
      }),
    );
  }
}

function kept(all: readonly { job: PromisedJob; statement: Statement | undefined }[]): Kept {
  const stated = all.flatMap(({ job, statement }) =>
    statement && job.endedAt !== null ? [{ ...statement, endedAt: job.endedAt, kind: job.kind }] : [],
  );
  const waited = (one: { at: number; endedAt: number }): number => Math.max(0.1, one.endedAt - one.at);
  const isHit = ({ low, high, endedAt }: Statement & { endedAt: number }): boolean => low <= endedAt && endedAt <= high;
  const hits = stated.filter(isHit).length;
  const missedBy = (seconds: readonly number[]): Missed => {
    const missed = seconds.filter((by) => by > 0);
    return { jobs: missed.length, seconds_p50: middle(missed) };
  };
  const shareOf = (kind: string): string => {
    const own = stated.filter((one) => one.kind === kind);
    return `${own.filter(isHit).length} of ${own.length}`;
  };
  return {
    jobs: all.length,
    unstated: all.length - stated.length,
    within: stated.length === 0 ? null : rounded(hits / stated.length),
    relative_width_p50: middle(stated.map((one) => (one.high - one.low) / waited(one))),
    relative_error_p50: middle(stated.map((one) => Math.abs(one.finishAt - one.endedAt) / waited(one))),
    early: missedBy(stated.map(({ low, endedAt }) => low - endedAt)),
    late: missedBy(stated.map(({ high, endedAt }) => endedAt - high)),
    by_kind: Object.fromEntries(
      [...new Set(stated.map(({ kind }) => kind))].sort().map((kind) => [kind, shareOf(kind)]),
    ),
  };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function middle(values: readonly number[]): number | null {
  const value = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  return value === undefined ? null : rounded(value);
}
