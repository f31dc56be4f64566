import type { ProgressView } from '@tower/contracts';

/** Jobs whose last progress is remembered; the one that was quiet for longest is forgotten first. */
const maxJobs = 2_000;

/**
 * The newest progress of each job, as the feed told it. Best effort: who shows it takes the state of a job from the
 * interface and from here only how far it has come.
 */
export class ProgressStore {
  private readonly newest = new Map<string, ProgressView>();
  private readonly listeners = new Map<string, Set<() => void>>();

  put(progress: ProgressView): void {
    this.newest.delete(progress.job_id);
    this.newest.set(progress.job_id, progress);
    if (this.newest.size > maxJobs) {
      const [oldest] = this.newest.keys();
      if (oldest !== undefined) this.newest.delete(oldest);
    }
    this.tell(progress.job_id);
  }

  /** What is known otherwise is newer: the job has ended, or the feed was cut off. */
  forget(jobId: string): void {
    if (this.newest.delete(jobId)) this.tell(jobId);
  }

  forgetAll(): void {
    for (const jobId of [...this.newest.keys()]) this.forget(jobId);
  }

  get(jobId: string): ProgressView | undefined {
    return this.newest.get(jobId);
  }

  subscribe(jobId: string, listener: () => void): () => void {
    const ofJob = this.listeners.get(jobId) ?? new Set();
    this.listeners.set(jobId, ofJob.add(listener));
    return () => {
      ofJob.delete(listener);
      if (ofJob.size === 0) this.listeners.delete(jobId);
    };
  }

  private tell(jobId: string): void {
    this.listeners.get(jobId)?.forEach((listener) => listener());
  }
}
