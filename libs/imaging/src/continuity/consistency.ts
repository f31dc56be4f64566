import { dotProduct, toUnitVector } from '../identity/embedding';
import { measured, notComputed, type Outcome } from '../score';
import { mean } from '../statistics/percentile';

export interface Consistency {
  /** Mean over frames 1..N-1 of the mean of two cosines, to the frame before and to the first, each at least 0. */
  readonly score: number;
  readonly perFrame: readonly number[];
  readonly min: number;
  /** The same with the frame before alone. */
  readonly adjacentMean: number;
  readonly adjacentMin: number;
}

/**
 * How much the frames of one shot look alike, 0..1, from one embedding per frame (for DINO the CLS token).
 * Formula source: VBench 45e79ec1 `subject_consistency`, in double precision. Tolerance 1e-9 given the embeddings.
 * @returns too_few_frames below two; inference_failed for an embedding without direction
 */
export function frameConsistency(embeddings: readonly ArrayLike<number>[]): Outcome<Consistency> {
  if (embeddings.length < 2) return notComputed('too_few_frames');
  const units: Float64Array[] = [];
  for (const embedding of embeddings) {
    const unit = toUnitVectorOrNothing(embedding);
    if (unit === undefined) return notComputed('inference_failed');
    units.push(unit);
  }
  const alike = (left: Float64Array, right: Float64Array): number => Math.max(0, dotProduct(left, right));
  const later = units.slice(1);
  const adjacent = later.map((unit, index) => alike(units[index]!, unit));
  const perFrame = later.map((unit, index) => (adjacent[index]! + alike(units[0]!, unit)) / 2);
  return measured({
    score: mean(perFrame),
    perFrame,
    min: Math.min(...perFrame),
    adjacentMean: mean(adjacent),
    adjacentMin: Math.min(...adjacent),
  });
}

function toUnitVectorOrNothing(embedding: ArrayLike<number>): Float64Array | undefined {
  let sum = 0;
  for (let index = 0; index < embedding.length; index += 1) sum += embedding[index]! ** 2;
  return sum > 0 && Number.isFinite(sum) ? toUnitVector(embedding) : undefined;
}

/**
 * The CLS token of the first item of a `last_hidden_state` [N, tokens, dimensions]; never the pooler, never a patch
 * mean.
 */
export function clsToken(hiddenState: Float32Array, dims: readonly number[]): Float32Array {
  const [, , dimensions] = dims;
  if (dims.length !== 3 || dimensions === undefined)
    throw new RangeError(`a hidden state has three axes, not ${dims.length}`);
  return hiddenState.slice(0, dimensions);
}
