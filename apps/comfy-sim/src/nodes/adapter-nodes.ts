import { visionBytes } from '../card/activations';
import { helperWeights } from '../card/model-weights';
import type { Reference } from '../pictures/recipe';
import { PyError } from '../python/errors';
import { AdapterValue, FaceAnalysisValue } from './adapter-value';
import { findAdapterFiles } from './adapter-files';
import { ClipVisionValue } from './conditioning-value';
import { onCard } from './gpu-work';
import { ModelValue } from './model-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue } from './node-value';

const visionSeconds = 0.08;
/** InsightFace runs on the CPU, in several sizes until it finds a face. */
const faceSeconds = 0.5;
const faceAnalysisBytes = 0.33e9;

async function loadUnified(call: NodeCall): Promise<{ outputs: [ModelValue, AdapterValue] }> {
  const model = call.value('model', ModelValue);
  const files = findAdapterFiles(call.text('preset'), model.family.name === 'sdxl', (folder) =>
    call.runtime.modelsIn(folder),
  );
  const weights = [helperWeights(files.vision), helperWeights(files.adapter)];
  for (const { name, bytes } of weights) await call.runtime.readModel(name, bytes);
  if (files.needsFace) await call.runtime.readModel('buffalo_l', faceAnalysisBytes);
  const strength = call.has('lora_strength') ? call.float('lora_strength') : 0;
  const patched =
    files.lora === undefined || strength === 0
      ? model
      : model.with({ loras: [...model.loras, `${files.lora}@${strength}`] });
  return {
    outputs: [patched, new AdapterValue(files.adapter, files.vision, files.needsFace, files.needsFace, weights)],
  };
}

export const unifiedLoader = (functionName: string): NodeBehaviour => ({ functionName, run: loadUnified });

export const adapterLoader: NodeBehaviour = {
  functionName: 'IPAdapterModelLoader.load_ipadapter_model',
  async run(call) {
    const file = call.text('ipadapter_file');
    const weights = helperWeights(file);
    await call.runtime.readModel(file, weights.bytes);
    return { outputs: [new AdapterValue(file, undefined, /faceid/i.test(file), false, [weights])] };
  },
};

export const insightFaceLoader: NodeBehaviour = {
  functionName: 'IPAdapterInsightFaceLoader.load_insightface',
  async run(call) {
    await call.runtime.readModel(call.text('model_name'), faceAnalysisBytes);
    return { outputs: [new FaceAnalysisValue(call.text('model_name'))] };
  },
};

/** Weight types that leave the composition or take only the style have less of the look. */
const shareOfType = (type: string): number => (/weak|ease|composition|prompt/.test(type) ? 0.6 : 1);
const scopeOf = (file: string, type: string): Reference['scope'] =>
  type.includes('style') ? 'style' : /face/i.test(file) ? 'face' : 'look';

/** Which files find a face in which picture is the simulator's setting; the exceptions are the pack's. */
async function apply(call: NodeCall): Promise<ModelValue> {
  const model = call.value('model', ModelValue);
  const adapter = call.value('ipadapter', AdapterValue);
  const { pictures } = call.value('image', ImageValue);
  const vision = call.optional('clip_vision', ClipVisionValue);
  const type = call.text('weight_type');
  if (adapter.needsFace) {
    if (!adapter.hasFaceAnalysis && call.optional('insightface', FaceAnalysisValue) === undefined) {
      throw new PyError('Exception', 'insightface model is required for FaceID models');
    }
    await call.runtime.work(faceSeconds * pictures.length);
    if (pictures.some((picture) => !call.runtime.findsFace(picture)))
      throw new PyError('Exception', 'InsightFace: No face detected.');
  }
  if (adapter.clipVisionFile === undefined && vision === undefined && !adapter.needsFace)
    throw new PyError('Exception', 'Missing CLIPVision model.');
  const weights = vision === undefined ? adapter.weights.slice(0, 1) : [vision.weights];
  await onCard(call, weights, visionBytes, () => call.runtime.work(visionSeconds * pictures.length));
  const share = (call.float('end_at') - call.float('start_at')) * shareOfType(type);
  const strength = call.float('weight') * Math.max(0, share);
  const references = pictures.map((picture): Reference => ({
    recipe: picture.recipe,
    fingerprint: picture.fingerprint,
    weight: strength / pictures.length,
    scope: scopeOf(adapter.file, type),
  }));
  const companion = adapter.weights.at(-1);
  return model.with({
    references: [...model.references, ...references],
    companions: [...model.companions, ...(companion === undefined ? [] : [companion])],
  });
}

export const applyAdapter = (functionName: string): NodeBehaviour => ({
  functionName,
  run: async (call) => ({ outputs: [await apply(call)] }),
});

/** Hands on the cropped faces too. */
export const applyFaceId: NodeBehaviour = {
  functionName: 'IPAdapterFaceID.apply_ipadapter',
  async run(call) {
    const model = await apply(call);
    const faces = call
      .value('image', ImageValue)
      .pictures.map((picture) => picture.scaled(256, 256, 'cubic', 'centre'));
    return { outputs: [model, new ImageValue(faces)] };
  },
};

/** CLIP vision sees a square of 224 pixels. */
export const prepImageForClipVision: NodeBehaviour = {
  functionName: 'PrepImageForClipVision.prep_image',
  run(call) {
    const padded = call.text('crop_position') === 'pad';
    const pictures = call
      .value('image', ImageValue)
      .pictures.map((picture) => picture.scaled(224, 224, 'lanczos3', padded ? undefined : 'centre'));
    return { outputs: [new ImageValue(pictures)] };
  },
};
