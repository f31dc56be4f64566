import { sha256 } from '../digest';
import { measured, computed, notComputed, type Outcome, type Score } from '../score';

/** A vector as the model gave it, with the name of everything that decides whether two vectors may be compared. */
export interface Embedding {
  readonly contractId: string;
  readonly vector: Float32Array;
}

export interface EmbeddingContract {
  readonly modelSha256: string;
  readonly dimensions: number;
  /** Version of the preprocessing, for instance `CCIP_PREPROCESSING`. */
  readonly preprocessing: string;
  /** How the crop was made: alignment version, or head, person, full. */
  readonly crop: string;
}

/** 16 hex digits; changes with the model file, the dimensions, the preprocessing or the crop. */
export const embeddingContractId = ({ modelSha256, dimensions, preprocessing, crop }: EmbeddingContract): string =>
  sha256(Buffer.from(JSON.stringify([modelSha256, dimensions, preprocessing, crop]))).slice(0, 16);

/** @returns inference_failed for NaN, infinities and the zero vector, which has no direction */
export function toEmbedding(contractId: string, vector: Float32Array): Outcome<Embedding> {
  const length = euclideanNorm(vector);
  return Number.isFinite(length) && length > 0 ? measured({ contractId, vector }) : notComputed('inference_failed');
}

export function euclideanNorm(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < vector.length; index += 1) sum += vector[index]! * vector[index]!;
  return Math.sqrt(sum);
}

/** The vector at length 1, in double precision. @throws RangeError when it has no direction */
export function toUnitVector(vector: ArrayLike<number>): Float64Array {
  const length = euclideanNorm(vector);
  if (!(length > 0) || !Number.isFinite(length)) throw new RangeError('a vector without direction has no unit vector');
  return Float64Array.from(vector, (value) => value / length);
}

export function dotProduct(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length !== right.length) throw new RangeError(`vectors of ${left.length} and ${right.length} dimensions`);
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += left[index]! * right[index]!;
  return sum;
}

/** -1..1. @throws RangeError for different dimensions or a vector without direction */
export const cosine = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  dotProduct(toUnitVector(left), toUnitVector(right));

/** Cosine of two embeddings, refused when anything about their making differs. */
export function compareEmbeddings(left: Embedding, right: Embedding): Score {
  if (left.contractId !== right.contractId || left.vector.length !== right.vector.length)
    return notComputed('embedding_contract_mismatch');
  const lengths = euclideanNorm(left.vector) * euclideanNorm(right.vector);
  if (!(lengths > 0) || !Number.isFinite(lengths)) return notComputed('inference_failed');
  return computed(dotProduct(left.vector, right.vector) / lengths);
}
