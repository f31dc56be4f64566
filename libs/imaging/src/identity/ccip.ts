import { computed, measured, notComputed, type Outcome, type Score } from '../score';
import { compareEmbeddings, euclideanNorm, toUnitVector, type Embedding } from './embedding';

/** Published F1-optimal limit of `ccip-caformer-24-randaug-pruned` as a difference, and the same as a cosine. */
export const CCIP_CARD_DIFFERENCE = 0.178475;
export const CCIP_CARD_COSINE = 1 - 2 * CCIP_CARD_DIFFERENCE;

/** So many of the closest references decide; one lucky match must not. */
export const CCIP_NEAREST = 3;

/** `clip((1 - cos) / 2, 0, 1)`: 0 for the same direction. Formula source: deepghs zoo/ccip. */
export const ccipDifference = (cos: number): number => Math.min(1, Math.max(0, (1 - cos) / 2));

/**
 * One embedding for several approved pictures: the mean direction, at the mean length of the vectors.
 * Formula source: imgutils 0.19 `ccip_merge`.
 */
export function mergeEmbeddings(embeddings: readonly Embedding[]): Outcome<Embedding> {
  const first = embeddings[0];
  if (first === undefined) return notComputed('reference_missing');
  if (
    embeddings.some(
      ({ contractId, vector }) => contractId !== first.contractId || vector.length !== first.vector.length,
    )
  )
    return notComputed('embedding_contract_mismatch');
  const sum = new Float64Array(first.vector.length);
  let lengths = 0;
  for (const { vector } of embeddings) {
    lengths += euclideanNorm(vector);
    toUnitVector(vector).forEach((value, index) => {
      sum[index] = sum[index]! + value;
    });
  }
  // Opposite vectors cancel out; there is no character in their middle.
  if (!(euclideanNorm(sum) > 0)) return notComputed('inference_failed');
  const length = lengths / embeddings.length;
  return measured({
    contractId: first.contractId,
    vector: Float32Array.from(toUnitVector(sum), (value) => value * length),
  });
}

/** Mean cosine to the three most similar references, or to all when there are fewer. */
export function similarityToReferences(candidate: Embedding, references: readonly Embedding[]): Score {
  if (references.length === 0) return notComputed('reference_missing');
  const cosines: number[] = [];
  for (const reference of references) {
    const score = compareEmbeddings(candidate, reference);
    if (score.state !== 'computed') return score;
    cosines.push(score.value);
  }
  const nearest = cosines.sort((left, right) => right - left).slice(0, CCIP_NEAREST);
  return computed(nearest.reduce((sum, value) => sum + value, 0) / nearest.length);
}
