import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds after which the next of equal questions no longer waits for the one before; that may never end. */
const patienceMs = 1_000;

/**
 * Lets those who ask the same at the same time share one answer: of equal questions one is being answered and one
 * waits. Nobody is given an answer that was begun before he asked; it may not show what he has just done.
 */
export class SharedQuestions {
  private readonly waiting = new Map<string, Promise<unknown>>();
  private readonly running = new Map<string, Promise<unknown>>();

  /** `work` calls `begin` when it starts to read what the answer depends on. */
  ask<Answer>(key: string, work: (begin: () => void) => Promise<Answer>): Promise<Answer> {
    const waiting = this.waiting.get(key);
    if (waiting !== undefined) return waiting as Promise<Answer>;
    const begin = (): void => {
      if (this.waiting.get(key) === answer) this.waiting.delete(key);
      this.running.set(key, answer);
    };
    const before = this.running.get(key);
    const answer: Promise<Answer> = afterwards(before)
      .then(() => work(begin))
      .finally(() => {
        for (const answers of [this.waiting, this.running]) if (answers.get(key) === answer) answers.delete(key);
      });
    this.waiting.set(key, answer);
    return answer;
  }
}

async function afterwards(before: Promise<unknown> | undefined): Promise<void> {
  if (before === undefined) return;
  const ended = before.then(
    () => undefined,
    () => undefined,
  );
  const patience = new AbortController();
  await Promise.race([ended, sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
}
