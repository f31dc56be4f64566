import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestDefinition } from '@tower/contracts';
import { AppError } from '@tower/kit';
import { z } from 'zod';
import { SharedQuestions } from './shared-questions';

export interface AnswerLimits {
  /** Answers that are worked on side by side. */
  atOnce: number;
  /** Questions that may wait for their turn. */
  waiting: number;
  /** Milliseconds that a question waits at most. */
  waitMs: number;
}

/** Short, so that whoever asks is told in time to come back; a question's own time-out is two seconds or more. */
const defaultLimits: AnswerLimits = { atOnce: 6, waiting: 64, waitMs: 1_500 };

/** Milliseconds after which somebody who was turned away may ask again. */
const comeBackMs = 1_000;

/** A counter with room for so many, and a short queue before it. */
export class AnswerSlots {
  private busy = 0;
  private readonly queue: { enter: () => void }[] = [];

  constructor(private readonly limits: AnswerLimits) {}

  /** Works when its turn comes; rejects with `too_many_requests` when too many wait, or when it would wait too long. */
  async run<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.busy < this.limits.atOnce) this.busy += 1;
    else await this.turn();
    try {
      // What the process does beside answering gets the event loop in between.
      await nextTurn();
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.busy -= 1;
      // The place is handed over, so that nobody who comes meanwhile takes it.
      else next.enter();
    }
  }

  private turn(): Promise<void> {
    if (this.queue.length >= this.limits.waiting) return Promise.reject(tooMany());
    return new Promise((resolve, reject) => {
      const waiting = {
        enter: (): void => {
          clearTimeout(patience);
          resolve();
        },
      };
      const patience = setTimeout(() => {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        reject(tooMany());
      }, this.limits.waitMs);
      this.queue.push(waiting);
    });
  }
}

const tooMany = (): AppError =>
  new AppError('too_many', 'too_many_requests', 'more is asked right now than can be answered in time; try again in a moment', { retryAfterMs: comeBackMs });

/**
 * How a process answers questions beside its own work: so many at once, some in a short queue, the rest are told to come
 * back. What changes something has places of its own, so that people who look cannot keep out people who ask for work.
 */
export class Answering {
  private readonly looks: AnswerSlots;
  private readonly acts: AnswerSlots;
  private readonly shared = new SharedQuestions();

  constructor(limits: AnswerLimits = defaultLimits) {
    this.looks = new AnswerSlots(limits);
    this.acts = new AnswerSlots(limits);
  }

  /** `work` gives the answer to `input`; equal looks share it. */
  run<Answer>(definition: RequestDefinition, input: unknown, work: () => Promise<Answer>): Promise<Answer> {
    if (changesSomething(definition)) return this.acts.run(work);
    return this.shared.ask(keyOf(definition, input), (begin) =>
      this.looks.run(() => {
        begin();
        return work();
      }),
    );
  }
}

/** The same for questions that ask the same. */
export const keyOf = (definition: RequestDefinition, input: unknown): string => `${definition.subject} ${JSON.stringify(input)}`;

/** Whoever may change something says on whose behalf. */
export const changesSomething = ({ input }: RequestDefinition): boolean => input instanceof z.ZodObject && 'context' in input.shape;
