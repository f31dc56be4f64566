import type { Changes } from '../../workflows/composition';
import type { WorkflowFile } from '../../workflows/template/workflow-file';
import type { WorkSize } from '../work-size';
import { presentLevel } from './level';

/** One attempt's work, as far as time depends on it. */
export interface Work extends WorkSize {
  workflow: string;
  /** What recovery changed about the graph; tiles and smaller contexts take longer. */
  plan?: Changes;
}

export interface Sample extends Work {
  gpu: string;
  /** What the card was then (`deviceModel`); null or absent where that is not known. */
  device?: string | null;
  /** Seconds that rendering took on the card. */
  seconds: number;
}

export interface AttemptEstimate {
  /** All in seconds. */
  seconds: number;
  low: number;
  high: number;
  /** Probability that [low, high] holds; null where nothing was measured. */
  confidence: number | null;
  basis: string;
  /** Seconds within which it ends with 80 % certainty; absent: half-way from `seconds` to `high`. */
  p80?: number;
}

export const p80Of = ({ p80, seconds, high }: Pick<AttemptEstimate, 'p80' | 'seconds' | 'high'>): number =>
  p80 ?? (seconds + high) / 2;

/** A prior may be wrong by this factor either way; nobody measured it. */
const priorSpread = 2.5;
/** Only the newest attempts count, so that a new driver or a hot summer shows soon. */
export const maxSamples = 30;

/** The next measurement lies within the range of this many with probability (19 − 1)/(19 + 1) = 0.9. */
const rangeOf = 19;
/** One measurement alone, of a size or of a level, may be off by this factor either way. */
const singleSpread = 1.5;

/**
 * Seconds that this work takes on this card: the median of past attempts of the same workflow, size, frames, steps,
 * changes and card. The interval is their range; a further exchangeable attempt falls inside with probability (n −
 * 1)/(n + 1) (order statistics, distribution-free). A newest attempt that lies outside of all before it widens the
 * interval at once and takes the probability away; from the second one on, only those of the new level count
 * (`level.ts`). With other sizes only, their seconds are scaled by pixels × frames × steps, those with the same changes
 * before others; with nothing, the workflow's shipped prior speaks and says so. `samples` are newest first. What was
 * measured on another device than the card has now says nothing of this one.
 */
export function estimateAttempt(
  work: Work,
  gpu: string,
  samples: readonly Sample[],
  priors: WorkflowFile['priors'],
  device: string | null = null,
): AttemptEstimate {
  const ofCard = samples.filter(
    (sample) => sample.workflow === work.workflow && sample.gpu === gpu && isOf(device, sample),
  );
  const alike = ofCard.filter((sample) => changesOf(sample) === changesOf(work));
  const exact = alike
    .filter((sample) => cost(sample) === cost(work) && sample.width === work.width && sample.frames === work.frames)
    .slice(0, maxSamples)
    .map((sample) => sample.seconds);
  if (exact.length > 0) return measured(exact, gpu);
  const scaled = (alike.length > 0 ? alike : ofCard)
    .slice(0, maxSamples)
    .map((sample) => (sample.seconds * cost(work)) / cost(sample));
  if (scaled.length > 0)
    return spread(
      median(scaled),
      2,
      `scaled by pixels, frames and steps from ${counted(scaled.length)} of another size on ${gpu}`,
    );
  return spread(
    priors.load_seconds + (cost(work) / 1e6) * priors.seconds_per_megapixel_step + priors.fixed_seconds,
    priorSpread,
    priors.basis,
  );
}

/** From attempts of the same work, newest first and at least one. */
function measured(seconds: readonly number[], gpu: string): AttemptEstimate {
  const { values, stray, changed } = presentLevel(seconds);
  const counting = values.slice(0, rangeOf);
  const since = changed ? ', since it took another time' : '';
  const basis = `median of ${counted(counting.length)} of this size on ${gpu}${since}`;
  if (counting.length === 1) return spread(median(counting), singleSpread, basis);
  const [low, high] = [Math.min(...counting), Math.max(...counting)];
  const confidence = (counting.length - 1) / (counting.length + 1);
  if (stray === undefined) return { seconds: median(counting), low, high, confidence, basis };
  return {
    seconds: median(counting),
    low: Math.min(low, stray / singleSpread),
    high: Math.max(high, stray * singleSpread),
    confidence: null,
    basis: `${basis}; the newest took ${Math.round(stray * 10) / 10} s, outside of all before it`,
  };
}

const isOf = (device: string | null, sample: Sample): boolean =>
  device === null || (sample.device ?? device) === device;

/**
 * The longest that attempts of this workflow took on this card, brought to the size of this work; null where there were
 * none. Seconds.
 */
export function longestSeconds(work: Work, gpu: string, samples: readonly Sample[]): number | null {
  const seconds = samples
    .filter((sample) => sample.workflow === work.workflow && sample.gpu === gpu)
    .map((sample) => sample.seconds * Math.max(1, cost(work) / cost(sample)));
  return seconds.length === 0 ? null : Math.max(...seconds);
}

const counted = (attempts: number): string => `${attempts} attempt${attempts === 1 ? '' : 's'}`;

/** Pixels × frames × steps; what samples nothing counts as one step. */
const cost = (work: Work): number => work.width * work.height * work.frames * Math.max(1, work.steps);

/** Their order does not matter for the time; `other_seed` takes none. */
export const changesOf = (work: Pick<Work, 'plan'>): string =>
  (work.plan?.steps ?? [])
    .filter((step) => step !== 'other_seed')
    .sort()
    .join(' ');

const spread = (seconds: number, factor: number, basis: string): AttemptEstimate => ({
  seconds,
  low: seconds / factor,
  high: seconds * factor,
  confidence: null,
  basis,
});

/** Middle value; mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('the median of nothing');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
