import { computed, notComputed, type Score } from '../score';

/** Classes of deepghs' anime_aesthetic models, worst first; a class counts by its place. */
export const aestheticLabels = ['worst', 'low', 'normal', 'good', 'great', 'best', 'masterpiece'] as const;

/** How far the probabilities may be from adding up to one; the models end in a float32 softmax. */
const sumTolerance = 1e-3;

/**
 * Expected class of a picture, Σ i·p over the classes 0 (worst) to 6 (masterpiece), as imgutils' `anime_dbaesthetic`
 * has it. For ranking among pictures of one kind only: the published accuracy is 41 %, so no gate may rest on it.
 * @param probabilities by label, as `classifyPicture` gives them
 * @returns model_contract_mismatch when the labels are not those of the model; inference_failed when they are no
 *   distribution
 */
export function aestheticScore(probabilities: Readonly<Record<string, number>>): Score {
  if (Object.keys(probabilities).length !== aestheticLabels.length) return notComputed('model_contract_mismatch');
  let expected = 0;
  let sum = 0;
  for (const [place, label] of aestheticLabels.entries()) {
    const probability = probabilities[label];
    if (probability === undefined) return notComputed('model_contract_mismatch');
    if (!(probability >= 0)) return notComputed('inference_failed');
    expected += place * probability;
    sum += probability;
  }
  return Math.abs(sum - 1) <= sumTolerance ? computed(expected) : notComputed('inference_failed');
}
