import { clsToken } from '../continuity/consistency';
import { arcfaceInput, ARCFACE_SIDE } from '../model-input/arcface';
import { ccipInput, CCIP_SIDE } from '../model-input/ccip';
import { DINO_SIDE, dinoInput } from '../model-input/dino';
import { firstOutput, type OnnxModel } from '../models/onnx-model';
import type { Rgb } from '../picture';
import type { Outcome } from '../score';
import { alignFace, type FaceLandmarks } from './alignment';
import { toEmbedding, type Embedding } from './embedding';

/**
 * CCIP of one picture or crop, 768 values, not normalised. Candidate and reference must be cropped the same way, which
 * the contract id has to say.
 * @returns inference_failed for a vector without direction
 */
export async function embedCharacter(model: OnnxModel, contractId: string, picture: Rgb): Promise<Outcome<Embedding>> {
  const { data } = firstOutput(
    await model.run({ input: { data: ccipInput(picture), dims: [1, 3, CCIP_SIDE, CCIP_SIDE] } }),
  );
  return toEmbedding(contractId, data);
}

/**
 * ArcFace of one face, 512 values, not normalised.
 * @returns degenerate_landmarks; inference_failed for a vector without direction
 */
export async function embedFace(
  model: OnnxModel,
  contractId: string,
  picture: Rgb,
  landmarks: FaceLandmarks,
  normalisation: 'plain' | 'baked',
): Promise<Outcome<Embedding>> {
  const face = alignFace(picture, landmarks, ARCFACE_SIDE);
  if (face.state !== 'computed') return face;
  const input = { data: arcfaceInput(face.value, normalisation), dims: [1, 3, ARCFACE_SIDE, ARCFACE_SIDE] };
  const { data } = firstOutput(await model.run({ [model.inputName()]: input }));
  return toEmbedding(contractId, data);
}

/** DINO's CLS token of a whole frame. @returns inference_failed for a vector without direction */
export async function embedScene(model: OnnxModel, contractId: string, picture: Rgb): Promise<Outcome<Embedding>> {
  const outputs = await model.run({ pixel_values: { data: dinoInput(picture), dims: [1, 3, DINO_SIDE, DINO_SIDE] } });
  const hidden = outputs['last_hidden_state'];
  if (hidden === undefined) throw new Error('a checked network lost its last_hidden_state');
  return toEmbedding(contractId, clsToken(hidden.data, hidden.dims));
}
