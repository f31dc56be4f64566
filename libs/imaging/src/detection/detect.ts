import type { ModelEntry } from '../models/manifest';
import { firstOutput, type OnnxModel } from '../models/onnx-model';
import type { Rgb } from '../picture';
import { SCRFD_SIDE, decodeScrfd, scrfdInput, type DetectedFace } from './scrfd';
import { decodeYolo, yoloInput, type YoloDetection } from './yolo';

/**
 * Human faces with landmarks, in picture pixels, best first. Drawn faces are often missed: use `detectObjects` there.
 */
export async function detectFaces(model: OnnxModel, picture: Rgb): Promise<DetectedFace[]> {
  const input = scrfdInput(picture);
  const outputs = await model.run({
    [model.inputName()]: { data: input.planes, dims: [1, 3, SCRFD_SIDE, SCRFD_SIDE] },
  });
  const inOrder = model
    .outputNames()
    .map((name) => outputs[name])
    .filter((tensor) => tensor !== undefined);
  return decodeScrfd(inOrder, input.scale).faces;
}

/** Anime faces, heads or persons, in whole picture pixels, best first. */
export async function detectObjects(
  model: OnnxModel,
  entry: Pick<ModelEntry, 'labels' | 'minScore' | 'inputSide'>,
  picture: Rgb,
): Promise<YoloDetection[]> {
  const { labels, minScore, inputSide = 640 } = entry;
  if (labels === undefined || minScore === undefined)
    throw new RangeError('a detector needs its labels and its limit from the manifest');
  const [, , height, width] = model.inputShape();
  const input = { width: width ?? inputSide, height: height ?? inputSide };
  const planes = yoloInput(picture, input);
  const output = firstOutput(
    await model.run({ [model.inputName()]: { data: planes, dims: [1, 3, input.height, input.width] } }),
  );
  return decodeYolo(output, { labels, minScore, picture, input });
}
