import type { EntityManager } from 'typeorm';
import type { Catalogue } from '../../workflows/catalogue';
import { LearntTimes } from './learnt-times';
import { newestLookIsFull, newestSamples, samplesToLearn, type StoredSample } from './sample.queries';

/**
 * Everything that attempts taught, read once and then kept up by what is new, whoever wrote it: what is new is small,
 * what there is is not.
 */
export class SampleCache {
  private learnt: LearntTimes | undefined;
  private reading: Promise<void> | undefined;
  private seen: ReadonlySet<string> = new Set();

  constructor(private readonly workflows: Catalogue) {}

  /** What is known; nothing before the first `catchUp`. */
  get times(): LearntTimes {
    this.learnt ??= new LearntTimes(this.workflows);
    return this.learnt;
  }

  /** Brings everything known up to date. Who asks meanwhile waits for the same read; a failed one is tried again. */
  catchUp(tx: EntityManager): Promise<void> {
    this.reading ??= this.read(tx).finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(tx: EntityManager): Promise<void> {
    if (this.seen.size === 0) return this.readAll(tx);
    const newest = await newestSamples(tx);
    const unseen = newest.filter((sample) => !this.seen.has(sample.attempt_id));
    // More came than one look shows: what was missed is unknown.
    if (unseen.length === newest.length && newestLookIsFull(newest)) return this.readAll(tx);
    this.seen = new Set(newest.map((sample) => sample.attempt_id));
    this.learn(unseen);
  }

  private async readAll(tx: EntityManager): Promise<void> {
    const all = await samplesToLearn(tx);
    this.learnt = new LearntTimes(this.workflows);
    this.seen = new Set(all.slice(0, newestKept).map((sample) => sample.attempt_id));
    this.learn(all);
  }

  /** Newest first; learnt in the order in which they came. Of templates that are gone nothing is asked any more. */
  private learn(newestFirst: readonly StoredSample[]): void {
    for (const sample of [...newestFirst].reverse())
      if (this.workflows.find(sample.workflow) !== undefined) this.times.learn(sample);
  }
}

/** Of what was read, those whose ids are kept to tell what is new. */
const newestKept = 200;
