import type { Card } from '../cards/card';
import type { Waiting } from './eligibility';
import type { Busy } from './estimates/remaining';
import { foreignTime } from './explain';
import type { PlanFacts, Span } from './plan-facts';

/** When a card can take its next task. */
export type Availability = Busy & { p80: number; isIdle: boolean };

/** Seconds; a card that is neither idle nor known to work on something will be free in a moment. */
const inAMoment = { seconds: 0.01, low: 0.01, high: 0.01 };

/** When a card is free, as far as is known. */
export function availabilityNow<Task extends Waiting>({ busy }: PlanFacts<Task>, card: Card): Availability {
  const end = busy.get(card.name);
  const unknown = end?.unknown ?? (card.foreignPrompts === 0 ? undefined : foreignTime(card));
  const isIdle = card.isIdle && end === undefined && unknown === undefined;
  const atOnce = isIdle || unknown !== undefined ? { seconds: 0, low: 0, high: 0 } : inAMoment;
  const { seconds, low, high } = end ?? atOnce;
  return { seconds, low, high, p80: (seconds + high) / 2, unknown, isIdle };
}

export const availabilityAfter = ({ finishIn, low, high, p80, unknown }: Span): Availability => ({
  seconds: finishIn,
  low,
  high,
  p80,
  unknown,
  isIdle: false,
});

/** Idle cards, then those whose end is known, then the others. */
export const compareEnds = (a: Availability, b: Availability): number =>
  groupOf(a) - groupOf(b) || a.seconds - b.seconds;

function groupOf({ unknown, isIdle }: Availability): number {
  if (unknown !== undefined) return 2;
  return isIdle ? 0 : 1;
}
