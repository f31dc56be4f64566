import { deviceModel } from '@tower/comfyui';
import type { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import type { Catalogue } from '../workflows/catalogue';
import { changesOf, type AttemptEstimate, type Work } from './estimates/estimate';
import type { LearntTimes } from './estimates/learnt-times';
import { passesOf } from './estimates/passes';
import { remaining, type Busy, type Pace } from './estimates/remaining';

/** What a running attempt still needs. */
export type Remaining = Busy & Pick<AttemptEstimate, 'basis' | 'confidence'>;

interface CardTimesFacts {
  gpus: readonly Pick<Gpu, 'name' | 'inventory'>[];
  live: readonly Attempt[];
  /** By attempt. */
  works: ReadonlyMap<string, Work>;
  times: Pick<LearntTimes, 'estimate'>;
  workflows: Catalogue;
  now: Date;
}

/** Seconds; between the end on the card and our hearing of it a moment passes. */
const leastSlowness = 1;
const nothingLeft: Busy = { seconds: 0, low: 0, high: 0 };

/** What work takes on each card, and what runs there still needs, as far as it is known at one moment. */
export class CardTimes {
  private readonly estimates = new Map<string, AttemptEstimate>();
  /** By card. */
  private readonly slowness = new Map<string, number>();

  constructor(private readonly facts: CardTimesFacts) {}

  /**
   * What this work takes there. While something runs there for longer than it should at most, that holds for the rest
   * as well: the interval is wider by as much, and no probability is claimed.
   */
  estimate(work: Work, gpu: string, missing: readonly string[] = []): AttemptEstimate {
    const measured = this.measured(work, gpu, missing);
    const slower = this.slownessOf(gpu);
    if (slower <= 1) return measured;
    const times = slower.toFixed(1);
    const basis = `${measured.basis}; what runs on ${gpu} takes ${times} times as long as it should at most`;
    return { ...measured, high: measured.high * slower, confidence: null, basis };
  }

  /** `work` is needed where the attempt may have begun after the facts were read. */
  remainingOf(attempt: Attempt, work = this.facts.works.get(attempt.id), now = this.facts.now): Remaining {
    if (work === undefined || !this.knows(work)) {
      const basis = 'unknown work';
      return { seconds: 0, low: 0, high: 0, basis, confidence: null, unknown: `how long ${basis} takes` };
    }
    const estimate = this.measured(work, attempt.gpu, attempt.missing);
    if (attempt.slot === 1) return this.behindFirst(attempt, estimate, now);
    const ahead = aheadOf(attempt);
    if (ahead > 0) return { ...estimate, confidence: null, unknown: timeOfOthers(ahead, attempt.gpu) };
    const left = remaining(estimate, paceOf(attempt, now));
    return { ...left, confidence: left.basis === estimate.basis ? estimate.confidence : null };
  }

  /** What the card works on has to end before this one begins. */
  private behindFirst(attempt: Attempt, own: AttemptEstimate, now: Date): Remaining {
    const first = this.facts.live.find(({ gpu, slot }) => gpu === attempt.gpu && slot === 0);
    const left = first === undefined ? nothingLeft : this.remainingOf(first, undefined, now);
    const others = aheadOf(attempt) - 1;
    const unknown = left.unknown ?? (others > 0 ? timeOfOthers(others, attempt.gpu) : undefined);
    return {
      ...own,
      seconds: left.seconds + own.seconds,
      low: left.low + own.low,
      high: left.high + own.high,
      confidence: null,
      ...(unknown === undefined ? {} : { unknown }),
    };
  }

  /** How many times the most that it should take what runs on a card has taken so far; 1 where it is within. */
  private slownessOf(gpu: string): number {
    const known = this.slowness.get(gpu);
    if (known !== undefined) return known;
    const times = this.facts.live.flatMap((attempt) => {
      const work = this.facts.works.get(attempt.id);
      const hasBegun = attempt.slot === 0 && aheadOf(attempt) === 0;
      if (attempt.gpu !== gpu || !hasBegun || work === undefined || !this.knows(work)) return [];
      const { high } = this.measured(work, gpu, attempt.missing);
      const { elapsed } = paceOf(attempt, this.facts.now);
      return elapsed > high + leastSlowness ? [elapsed / high] : [];
    });
    const slowness = Math.max(1, ...times);
    this.slowness.set(gpu, slowness);
    return slowness;
  }

  private measured(work: Work, gpu: string, missing: readonly string[]): AttemptEstimate {
    const size = `${work.width}x${work.height}x${work.frames}x${passesOf(work)}`;
    const key = [gpu, work.workflow, work.modelName, size, changesOf(work), ...missing].join('/');
    const known = this.estimates.get(key);
    if (known) return known;
    const device = deviceModel(this.facts.gpus.find(({ name }) => name === gpu)?.inventory?.device);
    const estimate = this.facts.times.estimate(work, { gpu, device }, missing);
    this.estimates.set(key, estimate);
    return estimate;
  }

  private knows(work: Work): boolean {
    return this.facts.workflows.find(work.workflow) !== undefined;
  }
}

const timeOfOthers = (prompts: number, gpu: string): string =>
  prompts === 1
    ? `how long a prompt before it in the queue of ${gpu} takes`
    : `how long ${prompts} prompts before it in the queue of ${gpu} take`;

/** Prompts that its card's own queue has before it. */
const aheadOf = ({ progress }: Attempt): number => progress?.ahead ?? 0;

/** How far an attempt is; from when it began to run where it had to wait in its card's own queue. */
function paceOf({ progress, dispatchedAt }: Attempt, now: Date): Pace {
  const began = progress?.beganAt === undefined ? dispatchedAt : new Date(progress.beganAt);
  const secondsTo = (at: string | Date): number => (new Date(at).getTime() - began.getTime()) / 1000;
  const percent = progress?.percent ?? 0;
  const { reachedAt, next, firstStep } = progress ?? {};
  return {
    elapsed: secondsTo(now),
    percent,
    ...(reachedAt === undefined ? {} : { reached: { percent, at: secondsTo(reachedAt), next: next ?? percent } }),
    ...(firstStep === undefined ? {} : { paceFrom: { percent: firstStep.percent, at: secondsTo(firstStep.at) } }),
  };
}
