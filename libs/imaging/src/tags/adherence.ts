import { measured, notComputed, type Outcome } from '../score';
import { mean } from '../statistics/percentile';
import { defaultTagThresholds, type TagThresholds, type TagVocabulary } from './vocabulary';

/** Fewer expected tags say nothing about a picture. */
export const MIN_EVALUABLE_TAGS = 3;

/** Words about quality: not in the picture, so not to be looked for there. */
export const qualityWords: ReadonlySet<string> = new Set([
  'masterpiece',
  'best_quality',
  'high_quality',
  'normal_quality',
  'low_quality',
  'worst_quality',
  'highres',
  'absurdres',
  'lowres',
]);

export interface ExpectedTags {
  /** As people write them: case and spaces do not matter. */
  readonly expected: readonly string[];
  readonly forbidden?: readonly string[];
  /** Other spellings of a tag, both sides normalised. */
  readonly aliases?: ReadonlyMap<string, string>;
  /** Artists, styles, quality: never looked for. */
  readonly ignored?: ReadonlySet<string>;
}

export interface EvaluableTags {
  readonly normalised: readonly string[];
  /** Those the network knows and that describe what is to be seen. */
  readonly evaluable: readonly string[];
  /** Share of the expected tags that can be evaluated, 0..1; 0 for none expected. */
  readonly coverage: number;
}

export function selectEvaluableTags(
  { expected, aliases, ignored = qualityWords }: ExpectedTags,
  vocabulary: TagVocabulary,
): EvaluableTags {
  const normalised = [...new Set(expected.map((tag) => normaliseTag(tag, aliases)).filter((tag) => tag !== ''))];
  const evaluable = normalised.filter((tag) => vocabulary.indexOf.has(tag) && !ignored.has(tag));
  return { normalised, evaluable, coverage: normalised.length === 0 ? 0 : evaluable.length / normalised.length };
}

/** Lower case, spaces to underscores, then the alias. */
export function normaliseTag(tag: string, aliases?: ReadonlyMap<string, string>): string {
  const plain = tag.trim().toLowerCase().replace(/\s+/g, '_');
  return aliases?.get(plain) ?? plain;
}

export interface Adherence {
  /** Share of the evaluable tags that are seen, 0..1. */
  readonly adherence: number;
  /** Mean probability of the evaluable tags, 0..1. */
  readonly softMean: number;
  /** Forbidden tags that are seen. */
  readonly violations: readonly string[];
  readonly evaluated: readonly string[];
  readonly coverage: number;
}

/**
 * How much of the prompt the tagger finds again.
 * @param probabilities in the order of the vocabulary
 * @returns no_evaluable_tags below three; inference_failed for a probability that is not finite
 */
export function tagAdherence(
  probabilities: ArrayLike<number>,
  vocabulary: TagVocabulary,
  wanted: ExpectedTags,
  thresholds: TagThresholds = defaultTagThresholds,
): Outcome<Adherence> {
  const { evaluable, coverage } = selectEvaluableTags(wanted, vocabulary);
  if (evaluable.length < MIN_EVALUABLE_TAGS) return notComputed('no_evaluable_tags');
  const found = evaluable.map((tag) => probabilityOf(tag, probabilities, vocabulary));
  if (!found.every(Number.isFinite)) return notComputed('inference_failed');
  const isSeen = (tag: string): boolean => {
    const index = vocabulary.indexOf.get(tag);
    const category = index === undefined ? undefined : vocabulary.tags[index]?.category;
    return (
      probabilityOf(tag, probabilities, vocabulary) > thresholds[category === 'character' ? 'character' : 'general']
    );
  };
  return measured({
    adherence: evaluable.filter(isSeen).length / evaluable.length,
    softMean: mean(found),
    violations: [...new Set((wanted.forbidden ?? []).map((tag) => normaliseTag(tag, wanted.aliases)))].filter(isSeen),
    evaluated: evaluable,
    coverage,
  });
}

/** NaN for what the network does not know, which is above no threshold. */
function probabilityOf(tag: string, probabilities: ArrayLike<number>, { indexOf }: TagVocabulary): number {
  const index = indexOf.get(tag);
  return index === undefined ? NaN : (probabilities[index] ?? NaN);
}
