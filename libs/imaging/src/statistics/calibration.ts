import { areaUnderRoc, pointAtFalseAccept, type LabelledScores } from './roc';

/** Below these the data decide nothing (quality-metrics section 4). */
export const MIN_CALIBRATION_SAMPLES = 30;
export const MIN_CALIBRATION_AUC = 0.8;
export const DEFAULT_TARGET_FALSE_ACCEPT = 0.05;

export interface CalibrationOptions {
  readonly defaultThreshold: number;
  /** The limit published with the model; never gone below without a person saying so. */
  readonly cardLimit?: number;
  readonly targetFalseAccept?: number;
}

export type Calibration =
  | {
      readonly label: 'calibrated';
      readonly threshold: number;
      readonly raisedToCardLimit: boolean;
      readonly auc: number;
      /** Error rates of the returned threshold on the same data. */
      readonly falseAccept: number;
      readonly falseReject: number;
    }
  | { readonly label: 'uncalibrated'; readonly threshold: number; readonly why: 'too_few_samples' | 'auc_below_0.8' };

/** Chooses the threshold at the wished false-accept rate, or keeps the default and says why. */
export function calibrateThreshold(scores: LabelledScores, options: CalibrationOptions): Calibration {
  const { positives, negatives } = scores;
  const { defaultThreshold, cardLimit = -Infinity, targetFalseAccept = DEFAULT_TARGET_FALSE_ACCEPT } = options;
  const keep = (why: 'too_few_samples' | 'auc_below_0.8'): Calibration => ({
    label: 'uncalibrated',
    threshold: defaultThreshold,
    why,
  });
  if (Math.min(positives.length, negatives.length) < MIN_CALIBRATION_SAMPLES) return keep('too_few_samples');
  const auc = areaUnderRoc(scores);
  if (auc < MIN_CALIBRATION_AUC) return keep('auc_below_0.8');
  const point = pointAtFalseAccept(scores, targetFalseAccept);
  const threshold = Math.max(point.threshold, cardLimit);
  return {
    label: 'calibrated',
    threshold,
    raisedToCardLimit: threshold > point.threshold,
    auc,
    falseAccept: negatives.filter((score) => score > threshold).length / negatives.length,
    falseReject: positives.filter((score) => score <= threshold).length / positives.length,
  };
}
