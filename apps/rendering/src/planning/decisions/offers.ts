import { availabilityNow } from '../availability';
import { ineligibility, type Waiting } from '../eligibility';
import { loadOf } from '../exact-problem';
import type { PlanFacts } from '../plan-facts';
import type { CardOffer } from './recorded-plan';

/**
 * What each card makes of a task, were it the next one there: `facts` are of all cards with what runs on them,
 * `considered` those that were idle and came into question.
 */
export const offersOf = <Task extends Waiting>(
  facts: PlanFacts<Task>,
  task: Task,
  considered: ReadonlySet<string>,
): CardOffer[] => facts.cards.map((card) => offerOf(facts, task, card, considered.has(card.name)));

function offerOf<Task extends Waiting>(
  facts: PlanFacts<Task>,
  task: Task,
  card: PlanFacts<Task>['cards'][number],
  isConsidered: boolean,
): CardOffer {
  const gpu = card.name;
  const reason = ineligibility(card, task);
  if (reason !== undefined) return { gpu, takesIt: false, reason, readyIn: null, penaltySeconds: null };
  const { seconds, unknown } = availabilityNow(facts, card);
  const free = isConsidered ? 0 : seconds;
  const begin = Math.max(free, facts.earliest?.(task, gpu) ?? 0);
  const load = loadOf(facts, task, gpu, facts.resident?.get(gpu) ?? []);
  const isKnown = isConsidered || unknown === undefined;
  return {
    gpu,
    takesIt: true,
    reason: isConsidered ? null : notFree(gpu, facts.busy.has(gpu), unknown),
    readyIn: isKnown ? tenth(begin + load.seconds + facts.estimate(task, gpu).seconds) : null,
    penaltySeconds: tenth(facts.cost?.(task, gpu) ?? 0),
  };
}

function notFree(gpu: string, isBusy: boolean, unknown: string | undefined): string {
  if (unknown !== undefined) return `${gpu} was not free, and nobody knew ${unknown}`;
  return isBusy ? `${gpu} was at work` : `${gpu} was not free`;
}

const tenth = (seconds: number): number => Math.round(seconds * 10) / 10;
