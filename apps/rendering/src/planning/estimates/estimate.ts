import type { Changes } from '../../workflows/composition';
import type { WorkSize } from '../work-size';
import type { Sampled } from './passes';

/** One attempt's work, as far as time depends on it. */
export interface Work extends WorkSize, Pick<Sampled, 'cfgScale'> {
  workflow: string;
  /** Its main model; another one of the same workflow may take another time. */
  modelName?: string;
  /** What recovery changed about the graph; tiles and smaller contexts take longer. */
  plan?: Changes;
}

/** What an attempt took, in seconds. */
export interface Sample extends Work {
  gpu: string;
  /** What the card was then (`deviceModel`); null or absent where that is not known. */
  device?: string | null;
  /** Rendering on the card, all of it. */
  seconds: number;
  /** Its parts; null where they were not heard. */
  loadSeconds: number | null;
  samplingSeconds: number | null;
  fixedSeconds: number | null;
  /** Keys of the model files that the card had to load. */
  missing: readonly string[];
}

export interface AttemptEstimate {
  /** All in seconds. */
  seconds: number;
  low: number;
  high: number;
  /** Probability that [low, high] holds; null where too few such estimates were measured to say. */
  confidence: number | null;
  basis: string;
  /** Seconds within which it ends with 80 % certainty; absent: half-way from `seconds` to `high`. */
  p80?: number;
}

export const p80Of = ({ p80, seconds, high }: Pick<AttemptEstimate, 'p80' | 'seconds' | 'high'>): number =>
  p80 ?? (seconds + high) / 2;

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

/** Pixels × frames × steps; what samples nothing counts as one step. */
const cost = (work: Work): number => work.width * work.height * work.frames * Math.max(1, work.steps);

/** Their order does not matter for the time; `other_seed` takes none. */
export const changesOf = (work: Pick<Work, 'plan'>): string =>
  (work.plan?.steps ?? [])
    .filter((step) => step !== 'other_seed')
    .sort()
    .join(' ');
