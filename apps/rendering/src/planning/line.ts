import type { Card } from '../cards/card';
import { availabilityAfter, availabilityNow, compareEnds, type Availability } from './availability';
import type { Candidate } from './candidates';
import type { Waiting } from './eligibility';
import { p80Of } from './estimates/estimate';
import { loadOf, residentAfter } from './exact-problem';
import type { LoadEstimate, Placement, PlacementReason, PlanFacts, Span } from './plan-facts';
import type { Exception } from './waiting-bounds';

/** What a card is at after all that was put on it so far. */
interface CardEnd {
  card: Card;
  end: Availability;
  resident: readonly string[];
}

/** What a card would do with a task. */
interface Offer {
  at: CardEnd;
  load: LoadEstimate;
  span: Span;
  /** End with the soft cost: what is compared. */
  costsUntil: number;
}

/** Cards with what is put on them one after the other, each with the times that follow. */
export class Line<Task extends Waiting> {
  readonly placements: Placement<Task>[] = [];
  private readonly ends: CardEnd[];
  private readonly byTask = new Map<string, Placement<Task>>();
  private readonly startOfJob = new Map<string, number>();

  constructor(private readonly facts: PlanFacts<Task>) {
    this.ends = facts.cards.map((card) => ({
      card,
      end: availabilityNow(facts, card),
      resident: facts.resident?.get(card.name) ?? [],
    }));
  }

  /** Puts a task on a card behind what is there; `from` where it has to wait for others until then. */
  add(
    card: Card,
    candidate: Candidate<Task>,
    { from = 0, because }: { from?: number; because?: Exception | undefined } = {},
  ): void {
    const offers = this.offersOf(candidate, from);
    const chosen = offers.find(({ at }) => at.card === card);
    if (chosen) this.take(candidate, chosen, because ?? reasonOf(chosen, offers, candidate.task));
  }

  /**
   * Puts each task where it ends first, soft cost included, on cards whose end is known before others (list scheduling:
   * Graham 1969); what a task has to come after goes before it.
   */
  addEach(candidates: readonly Candidate<Task>[]): void {
    const left = new Map(candidates.map((candidate) => [candidate.task.taskId, candidate]));
    const put = (candidate: Candidate<Task>): void => {
      // Taken out first, so that a circle ends.
      if (!left.delete(candidate.task.taskId)) return;
      const { needs = [], behind = [] } = candidate.task;
      if (needs.length + behind.length > 0)
        for (const first of [...left.values()])
          if (needs.includes(first.task.taskId) || behind.includes(first.task.jobId)) put(first);
      this.addFirstEnding(candidate);
    };
    for (const candidate of candidates) put(candidate);
  }

  private addFirstEnding(candidate: Candidate<Task>): void {
    const offers = this.offersOf(candidate, this.releaseOf(candidate.task));
    const [chosen] = [...offers].sort(compareOffers(candidate.task));
    if (chosen) this.take(candidate, chosen, reasonOf(chosen, offers, candidate.task));
  }

  /** When what it comes after has started or ended, as far as that was put anywhere. */
  private releaseOf({ needs = [], behind = [] }: Task): number {
    return Math.max(
      0,
      ...needs.map((taskId) => this.byTask.get(taskId)?.span.finishIn ?? 0),
      ...behind.map((jobId) => this.startOfJob.get(jobId) ?? 0),
    );
  }

  private offersOf({ task, estimates }: Candidate<Task>, from: number): Offer[] {
    return this.ends.flatMap((at, index): Offer[] => {
      const own = estimates[index];
      if (own === undefined) return [];
      const gpu = at.card.name;
      const load = loadOf(this.facts, task, gpu, at.resident);
      const start = Math.max(at.end.seconds, from, this.facts.earliest?.(task, gpu) ?? 0);
      const wait = start - at.end.seconds;
      const isNow = start === 0 && at.end.unknown === undefined;
      const span: Span = {
        gpu,
        startIn: start,
        finishIn: start + load.seconds + own.seconds,
        low: at.end.low + wait + load.low + own.low,
        high: at.end.high + wait + load.high + own.high,
        p80: at.end.p80 + wait + load.p80 + p80Of(own),
        confidence: isNow ? own.confidence : null,
        basis: own.basis,
        ...(at.end.unknown === undefined ? {} : { unknown: at.end.unknown }),
      };
      return [{ at, load, span, costsUntil: span.finishIn + (this.facts.cost?.(task, gpu) ?? 0) }];
    });
  }

  private take({ task }: Candidate<Task>, { at, load, span }: Offer, reason: PlacementReason): void {
    const isHead = at.end.isIdle && span.startIn === 0;
    const placement = { task, span, setupSeconds: load.seconds, reason, isHead };
    this.placements.push(placement);
    this.byTask.set(task.taskId, placement);
    this.startOfJob.set(task.jobId, Math.max(this.startOfJob.get(task.jobId) ?? 0, span.startIn));
    at.end = availabilityAfter(span);
    at.resident = residentAfter(task, at.resident);
  }
}

const compareOffers =
  ({ work }: Waiting) =>
  (a: Offer, b: Offer): number =>
    Number(a.at.end.unknown !== undefined) - Number(b.at.end.unknown !== undefined) ||
    a.costsUntil - b.costsUntil ||
    compareEnds(a.at.end, b.at.end) ||
    Number(b.at.card.prefers.includes(work)) - Number(a.at.card.prefers.includes(work)) ||
    a.at.card.position - b.at.card.position;

function reasonOf(chosen: Offer, offers: readonly Offer[], { work }: Waiting): PlacementReason {
  const others = offers.filter((offer) => offer !== chosen);
  if (others.length === 0) return 'only_card';
  if (chosen.load.seconds === 0 && others.every(({ load }) => load.seconds > 0)) return 'models_loaded';
  if (others.every((other) => compareEnds(chosen.at.end, other.at.end) < 0)) return 'free_first';
  const prefers = ({ at }: Offer): boolean => at.card.prefers.includes(work);
  const atOnce = others.filter((other) => compareEnds(chosen.at.end, other.at.end) >= 0);
  if (prefers(chosen) && !atOnce.some(prefers)) return 'preferred';
  return others.every(({ span }) => span.finishIn > chosen.span.finishIn) ? 'ready_first' : 'configured_first';
}
