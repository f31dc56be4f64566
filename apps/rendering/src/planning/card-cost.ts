import type { Card } from '../cards/card';
import type { Waiting } from './eligibility';

/** Share of its time that a task may take longer on a card that prefers its kind of work than on one that does not. */
const preference = 0.25;
/** The same for a card whose memory is smaller than the workflow's formula expects: it may well run out of it. */
const doubt = 1;

/**
 * Soft cost of a card for a task that it can take, in seconds: a quarter of the task's own time where the card does not
 * prefer such work, and its whole time again where its memory is less than the workflow's formula expects and nothing
 * was learnt. Not a wall: a card that is enough sooner gets it all the same. `seconds` is what the task takes there.
 */
export function cardCost(card: Card, { work, priorMb, needsMb }: Waiting, seconds: number): number {
  const disliked = card.prefers.includes(work) ? 0 : preference;
  // What failures taught overrules the formula; cards that are too small by that are no candidates at all.
  const expectedMb = needsMb ?? priorMb ?? null;
  const isDoubtful = expectedMb !== null && card.memoryMb !== null && card.memoryMb < expectedMb;
  return seconds * (disliked + (isDoubtful ? doubt : 0));
}
