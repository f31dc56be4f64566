import type { Plan } from '../workflows/composition';
import type { WorkflowFile } from '../workflows/workflow-file';

/** One attempt's work, as far as time depends on it. */
export interface Work {
  workflow: string;
  width: number;
  height: number;
  /** Frames of one result; 1 for a picture. */
  frames: number;
  /** 0 where nothing is sampled. */
  steps: number;
  /** What recovery changed about the graph; tiles and smaller contexts take longer. */
  plan?: Plan;
}

export interface Sample extends Work {
  gpu: string;
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
}

/** A prior may be wrong by this factor either way; nobody measured it. */
const priorSpread = 2.5;
/** Only the newest attempts count, so that a new driver or a hot summer shows soon. */
export const maxSamples = 30;

/**
 * Seconds that this work takes on this card: the median of past attempts of the same workflow, size, frames, steps, changes and card. The interval is
 * their range; a further exchangeable attempt falls inside with probability (n − 1)/(n + 1) (order statistics, distribution-free).
 * With other sizes only, their seconds are scaled by pixels × frames × steps, those with the same changes before others; with nothing, the workflow's shipped prior speaks and says so.
 * `samples` are newest first.
 */
export function estimateAttempt(work: Work, gpu: string, samples: readonly Sample[], priors: WorkflowFile['priors']): AttemptEstimate {
  const ofCard = samples.filter((sample) => sample.workflow === work.workflow && sample.gpu === gpu);
  const alike = ofCard.filter((sample) => changesOf(sample) === changesOf(work));
  const exact = alike.filter((sample) => cost(sample) === cost(work) && sample.width === work.width && sample.frames === work.frames).slice(0, maxSamples).map((sample) => sample.seconds);
  if (exact.length > 0) {
    const measured = `median of ${counted(exact.length)} of this size on ${gpu}`;
    if (exact.length === 1) return spread(median(exact), 1.5, measured);
    return { seconds: median(exact), low: Math.min(...exact), high: Math.max(...exact), confidence: (exact.length - 1) / (exact.length + 1), basis: measured };
  }
  const scaled = (alike.length > 0 ? alike : ofCard).slice(0, maxSamples).map((sample) => (sample.seconds * cost(work)) / cost(sample));
  if (scaled.length > 0) return spread(median(scaled), 2, `scaled by pixels, frames and steps from ${counted(scaled.length)} of another size on ${gpu}`);
  return spread(priors.load_seconds + (cost(work) / 1e6) * priors.seconds_per_megapixel_step + priors.fixed_seconds, priorSpread, priors.basis);
}

const counted = (attempts: number): string => `${attempts} attempt${attempts === 1 ? '' : 's'}`;

/** Pixels × frames × steps; what samples nothing counts as one step. */
const cost = (work: Work): number => work.width * work.height * work.frames * Math.max(1, work.steps);

/** Their order does not matter for the time; `other_seed` takes none. */
export const changesOf = (work: Pick<Work, 'plan'>): string => (work.plan?.steps ?? []).filter((step) => step !== 'other_seed').sort().join(' ');

const spread = (seconds: number, factor: number, basis: string): AttemptEstimate => ({ seconds, low: seconds / factor, high: seconds * factor, confidence: null, basis });

/** Middle value; mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('the median of nothing');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
