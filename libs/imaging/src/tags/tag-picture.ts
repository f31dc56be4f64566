import { classifierInput, defaultClassifierInput } from '../model-input/classifier';
import { WD_SIDE, wdInput } from '../model-input/wd-tagger';
import { firstOutput, type OnnxModel } from '../models/onnx-model';
import type { Rgb } from '../picture';
import { measured, notComputed, type Outcome } from '../score';

/** Probability of every tag in the order of the vocabulary. @returns inference_failed when one is not finite */
export async function tagPicture(model: OnnxModel, picture: Rgb): Promise<Outcome<Float32Array>> {
  const { data } = firstOutput(
    await model.run({ [model.inputName()]: { data: wdInput(picture), dims: [1, WD_SIDE, WD_SIDE, 3] } }),
  );
  return data.every(Number.isFinite) ? measured(data) : notComputed('inference_failed');
}

/**
 * Probability of each label of a supporting classifier.
 * @returns model_contract_mismatch when there are not as many outputs as labels; inference_failed
 */
export async function classifyPicture(
  model: OnnxModel,
  labels: readonly string[],
  picture: Rgb,
): Promise<Outcome<Readonly<Record<string, number>>>> {
  const side = model.inputShape()[2] ?? defaultClassifierInput.side;
  const input = { data: classifierInput(picture, { side }), dims: [1, 3, side, side] };
  const { data } = firstOutput(await model.run({ [model.inputName()]: input }));
  if (data.length !== labels.length) return notComputed('model_contract_mismatch');
  if (!data.every(Number.isFinite)) return notComputed('inference_failed');
  return measured(Object.fromEntries(labels.map((label, index) => [label, data[index]!])));
}
