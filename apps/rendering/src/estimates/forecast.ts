import { othersPrompts, unfit, type Card, type Waiting } from '../scheduling/pick';
import type { AttemptEstimate } from './estimate';

export interface Span {
  gpu: string;
  /** Seconds from now. */
  startIn: number;
  finishIn: number;
  low: number;
  high: number;
  confidence: number | null;
  basis: string;
}

/** Seconds until a card is free. */
export type Busy = Pick<Span, 'low' | 'high'> & { seconds: number };

const free: Busy = { seconds: 0, low: 0, high: 0 };

/**
 * When each waiting task will probably start and finish: tasks in the order in which they are placed, each on the card where it would end
 * first, after what runs there now. `busy` holds the remaining seconds of each card, as estimate. Cards that do not answer take nothing.
 */
export class Forecast<Task extends Waiting> {
  private ends: Map<string, Busy>;

  constructor(
    private readonly cards: readonly Card[],
    busy: ReadonlyMap<string, Busy>,
    private readonly estimate: (task: Task, gpu: string) => AttemptEstimate,
    private readonly fits: (card: Card, task: Task) => boolean = (card, task) => unfit(card, task) === undefined,
  ) {
    this.ends = new Map(cards.map((card) => [card.name, busy.get(card.name) ?? free]));
  }

  /** As it is now; what is placed in one of the two does not change the other. */
  copy(): Forecast<Task> {
    return new Forecast(this.cards, this.ends, this.estimate, this.fits);
  }

  /** Undefined for a task that no answering card can take. */
  place(task: Task): Span | undefined {
    let best: Span | undefined;
    for (const card of this.cards) {
      if (!this.fits(card, task)) continue;
      const end = this.ends.get(card.name) ?? free;
      const own = this.estimate(task, card.name);
      const finishIn = end.seconds + own.seconds;
      if (best !== undefined && best.finishIn <= finishIn) continue;
      const confidence = end.seconds === 0 && card.foreignPrompts === 0 ? own.confidence : null;
      const basis = card.foreignPrompts === 0 ? own.basis : `${own.basis}; how long ${othersPrompts(card.foreignPrompts)} takes is unknown`;
      best = { gpu: card.name, startIn: end.seconds, finishIn, low: end.low + own.low, high: end.high + own.high, confidence, basis };
    }
    if (best !== undefined) this.ends.set(best.gpu, { seconds: best.finishIn, low: best.low, high: best.high });
    return best;
  }
}

/** Seconds that a running attempt still needs: what the estimate leaves, or, once a tenth is done, what its own pace says. */
export function remaining(estimate: AttemptEstimate, elapsed: number, percent: number): { seconds: number; low: number; high: number; basis: string } {
  // A clock that was set back meanwhile says nothing of the pace.
  if (elapsed <= 0) return { seconds: estimate.seconds, low: estimate.low, high: estimate.high, basis: estimate.basis };
  if (percent >= 10 && percent < 100) {
    const seconds = (elapsed * (100 - percent)) / percent;
    return { seconds, low: seconds * 0.7, high: seconds * 1.5, basis: `own pace at ${Math.round(percent)} %` };
  }
  const left = (total: number): number => Math.max(0, total - elapsed);
  return { seconds: left(estimate.seconds), low: left(estimate.low), high: left(estimate.high), basis: elapsed > estimate.high ? `${estimate.basis}; overdue` : estimate.basis };
}
