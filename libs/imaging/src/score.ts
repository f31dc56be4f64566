/**
 * A measurement, or the reason why there is none. What could not be computed is a state, never a number: it neither
 * passes nor fails nor enters an average.
 */
export type Outcome<T> = { readonly state: 'computed'; readonly value: T } | NotApplicable | NotComputed;

/** One finite number. */
export type Score = Outcome<number>;

export interface NotApplicable {
  readonly state: 'not_applicable';
  readonly reason: NotApplicableReason;
}

export interface NotComputed {
  readonly state: 'not_computed';
  readonly reason: NotComputedReason;
}

/** The question makes no sense for this picture or clip; the metric is left out of the gate and the reason is shown. */
export const notApplicableReasons = [
  'static',
  'character_not_expected',
  'no_expected_size',
  'single_frame',
  'no_reference',
  'no_character',
] as const;
export type NotApplicableReason = (typeof notApplicableReasons)[number];

/** The question makes sense and was not answered; a gate that needs the answer is inconclusive. */
export const notComputedReasons = [
  'model_missing',
  'model_contract_mismatch',
  'no_face',
  'ambiguous_faces',
  'degenerate_landmarks',
  'low_quality_face',
  'too_few_frames',
  'no_evaluable_tags',
  'decode_failed',
  'inference_failed',
  'embedding_contract_mismatch',
  'reference_missing',
  'over_budget',
  'low_coverage',
  'image_too_small',
  'size_mismatch',
  'timed_out',
  'file_missing',
] as const;
export type NotComputedReason = (typeof notComputedReasons)[number];

/** @throws RangeError on NaN and ±Infinity: a broken measurement is `notComputed('inference_failed')`, not a value. */
export function computed(value: number): Score {
  if (!Number.isFinite(value)) throw new RangeError(`a computed score must be finite, got ${value}`);
  return { state: 'computed', value };
}

/** For results of several numbers, whose maker has checked that they are finite. */
export const measured = <T extends object>(value: T): { readonly state: 'computed'; readonly value: T } => ({
  state: 'computed',
  value,
});

export const notApplicable = (reason: NotApplicableReason): NotApplicable => ({ state: 'not_applicable', reason });

export const notComputed = (reason: NotComputedReason): NotComputed => ({ state: 'not_computed', reason });

/** For numbers that come out of a model: finite becomes `computed`, everything else `inference_failed`. */
export const computedOrInferenceFailed = (value: number): Score =>
  Number.isFinite(value) ? computed(value) : notComputed('inference_failed');
