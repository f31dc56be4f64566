import { feedRequest, type FeedMessage } from '@tower/contracts';

/** Jobs that one client may follow one by one. */
const maxJobs = 100;

/** Which previews one client has asked for: of everything, or of single jobs. */
export class PreviewWishes {
  private all = false;
  private readonly jobs = new Set<string>();

  /** @param ownJob whose job's socket it is; undefined for that of the whole feed */
  constructor(private readonly ownJob: string | undefined) {}

  get isEmpty(): boolean {
    return !this.all && this.jobs.size === 0;
  }

  has(jobId: string): boolean {
    return this.all || this.jobs.has(jobId);
  }

  /** What a client says; undefined for what is not text. Returns what it is told: what holds now, or what is wrong. */
  hear(text: string | undefined): FeedMessage {
    const request = feedRequest.safeParse(parsed(text));
    if (!request.success)
      return wrong(
        'message_invalid',
        'this is not understood; {"type":"subscribe","topic":"previews"} is, also with "unsubscribe" and a "job_id"',
      );
    const { type, job_id: jobId = this.ownJob } = request.data;
    if (jobId !== undefined && this.ownJob !== undefined && jobId !== this.ownJob)
      return wrong('message_invalid', `this socket is for job ${this.ownJob}; follow others on /ws`);
    if (type === 'unsubscribe') this.drop(jobId);
    else if (jobId === undefined) this.all = true;
    else if (this.jobs.size >= maxJobs && !this.jobs.has(jobId))
      return wrong('too_many_subscriptions', `${maxJobs} jobs are followed already; leave "job_id" out to follow all`);
    else this.jobs.add(jobId);
    return { type: 'subscribed', topic: 'previews', all: this.all, job_ids: [...this.jobs] };
  }

  /** Without a job: of nothing any more. */
  private drop(jobId: string | undefined): void {
    if (jobId !== undefined) this.jobs.delete(jobId);
    else {
      this.all = false;
      this.jobs.clear();
    }
  }
}

const wrong = (code: string, message: string): FeedMessage => ({ type: 'error', code, message });

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // Answered as what is not understood.
    return undefined;
  }
}
