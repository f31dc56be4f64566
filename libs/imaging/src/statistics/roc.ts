/** Scores of what should be accepted and of what should be rejected; higher means more alike. */
export interface LabelledScores {
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

/** A score is accepted when it is greater than the threshold. */
export interface OperatingPoint {
  readonly threshold: number;
  /** Share of negatives accepted, 0..1. */
  readonly falseAccept: number;
  /** Share of positives rejected, 0..1. */
  readonly falseReject: number;
}

/** Below the lowest score by this much, so that the first candidate accepts everything. */
const belowLowest = 1e-6;

/**
 * One point per decision the data can tell apart, thresholds ascending: just below the lowest score, halfway between
 * neighbouring distinct scores, and the highest.
 * @throws RangeError when either side is empty or a score is not finite
 */
export function rocPoints(scores: LabelledScores): OperatingPoint[] {
  requireScores(scores);
  const positives = Float64Array.from(scores.positives).sort();
  const negatives = Float64Array.from(scores.negatives).sort();
  const distinct = [...new Set([...positives, ...negatives])].sort((left, right) => left - right);
  const thresholds = [
    distinct[0]! - belowLowest,
    ...distinct.slice(1).map((value, index) => (value + distinct[index]!) / 2),
    distinct[distinct.length - 1]!,
  ];
  let rejectedPositives = 0;
  let rejectedNegatives = 0;
  return thresholds.map((threshold) => {
    while (rejectedPositives < positives.length && positives[rejectedPositives]! <= threshold) rejectedPositives += 1;
    while (rejectedNegatives < negatives.length && negatives[rejectedNegatives]! <= threshold) rejectedNegatives += 1;
    return {
      threshold,
      falseAccept: (negatives.length - rejectedNegatives) / negatives.length,
      falseReject: rejectedPositives / positives.length,
    };
  });
}

/**
 * Area under the ROC curve, 0..1: the chance that a positive scores above a negative, ties counted half.
 * Formula source: Mann-Whitney U; equal to scikit-learn 1.9.1 `roc_auc_score`.
 * @throws RangeError as `rocPoints`
 */
export function areaUnderRoc(scores: LabelledScores): number {
  requireScores(scores);
  return sortedAuc(Float64Array.from(scores.positives).sort(), Float64Array.from(scores.negatives).sort());
}

/** Both ascending. */
export function sortedAuc(positives: Float64Array, negatives: Float64Array): number {
  let wins = 0;
  let below = 0;
  let upTo = 0;
  for (const positive of positives) {
    while (below < negatives.length && negatives[below]! < positive) below += 1;
    while (upTo < negatives.length && negatives[upTo]! <= positive) upTo += 1;
    wins += below + (upTo - below) / 2;
  }
  return wins / (positives.length * negatives.length);
}

export interface EqualErrorRate {
  readonly rate: number;
  readonly threshold: number;
}

/** The lowest threshold at which the two error rates are closest; the rate is their mean. */
export function equalErrorRate(scores: LabelledScores): EqualErrorRate {
  const gap = ({ falseAccept, falseReject }: OperatingPoint): number => Math.abs(falseAccept - falseReject);
  const best = rocPoints(scores).reduce((left, right) => (gap(right) < gap(left) ? right : left));
  return { rate: (best.falseAccept + best.falseReject) / 2, threshold: best.threshold };
}

/** The lowest threshold whose false-accept rate does not exceed the target; the highest score always qualifies. */
export function pointAtFalseAccept(scores: LabelledScores, targetFalseAccept: number): OperatingPoint {
  if (!(targetFalseAccept >= 0)) throw new RangeError(`a false-accept rate of ${targetFalseAccept} cannot be met`);
  const point = rocPoints(scores).find(({ falseAccept }) => falseAccept <= targetFalseAccept);
  if (point === undefined) throw new Error('the highest score accepts nothing, so some point must qualify');
  return point;
}

function requireScores({ positives, negatives }: LabelledScores): void {
  if (positives.length === 0 || negatives.length === 0)
    throw new RangeError('a ROC curve needs positives and negatives');
  if (![...positives, ...negatives].every(Number.isFinite)) throw new RangeError('every score must be finite');
}
