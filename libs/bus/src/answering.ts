import type { RequestDefinition } from '@tower/contracts';
import { AppError } from '@tower/kit';
import { z } from 'zod';
import { Pace } from './pace';
import { SharedQuestions } from './shared-questions';

interface AnswerLimits {
  /** Answers that are worked on side by side. */
  atOnce: number;
  /** Questions that may wait for their turn. */
  waiting: number;
  /** Milliseconds that a question waits at most. */
  waitMs: number;
}

const lookLimits: AnswerLimits = { atOnce: 3, waiting: 128, waitMs: 3_000 };
/** What changes something is worth a longer wait: two hundred requests of the same instant are all taken. */
const actLimits: AnswerLimits = { atOnce: 6, waiting: 256, waitMs: 7_000 };

/** Share of a question's time-out after which nobody waits for a turn any more: the answer takes time too. */
const waitingShare = 0.5;

/** Milliseconds after which somebody who was turned away may ask again. */
const comeBackMs = 1_000;

/** A counter with room for so many, and a short queue before it. */
export class AnswerSlots {
  private busy = 0;
  private readonly queue: { enter: () => void }[] = [];

  constructor(
    private readonly limits: AnswerLimits,
    private readonly pace?: Pace,
  ) {}

  /**
   * Works when its turn comes, within the asker's patience of `timeoutMs`; rejects with `too_many_requests` when too
   * many wait, or when it would wait too long.
   */
  async run<Answer>(work: () => Promise<Answer>, timeoutMs = Infinity): Promise<Answer> {
    if (this.busy < this.limits.atOnce) this.busy += 1;
    else await this.turn(Math.min(this.limits.waitMs, timeoutMs * waitingShare));
    const end = await this.pace?.begin();
    try {
      return await work();
    } finally {
      end?.();
      const next = this.queue.shift();
      if (next === undefined) this.busy -= 1;
      // The place is handed over, so that nobody who comes meanwhile takes it.
      else next.enter();
    }
  }

  private turn(waitMs: number): Promise<void> {
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
      }, waitMs);
      this.queue.push(waiting);
    });
  }
}

const tooMany = (): AppError =>
  new AppError(
    'too_many',
    'too_many_requests',
    'more is asked right now than can be answered in time; try again in a moment',
    { retryAfterMs: comeBackMs },
  );

/**
 * How a process answers questions beside its own work: so many at once, some in a short queue, the rest are told to
 * come back. What changes something has places of its own, so that people who look cannot keep out people who ask for
 * work.
 */
export class Answering {
  private readonly looks: AnswerSlots;
  private readonly acts: AnswerSlots;
  private readonly shared = new SharedQuestions();

  constructor(looks: AnswerLimits = lookLimits, acts: AnswerLimits = actLimits) {
    this.looks = new AnswerSlots(looks, new Pace());
    this.acts = new AnswerSlots(acts);
  }

  /** `work` gives the answer to `input`; equal looks share it. */
  run<Answer>(definition: RequestDefinition, input: unknown, work: () => Promise<Answer>): Promise<Answer> {
    if (changesSomething(definition)) return this.acts.run(work, definition.timeoutMs);
    return this.shared.ask(keyOf(definition, input), (begin) =>
      this.looks.run(() => {
        begin();
        return work();
      }, definition.timeoutMs),
    );
  }
}

/** The same for questions that ask the same. */
export const keyOf = (definition: RequestDefinition, input: unknown): string =>
  `${definition.subject} ${JSON.stringify(input)}`;

/** Whoever may change something says on whose behalf. */
export const changesSomething = ({ input }: RequestDefinition): boolean =>
  input instanceof z.ZodObject && 'context' in input.shape;
