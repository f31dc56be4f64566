import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { familyOf } from '../card/model-family';
import {
  checkpointBytes,
  decoderWeights,
  diffusionWeights,
  encoderWeights,
  helperWeights,
} from '../card/model-weights';
import { Picture } from '../pictures/picture';
import { readText } from '../pictures/png';
import type { DrawingRecipe } from '../pictures/recipe';
import { fromRecipeText, recipeKeyword } from '../pictures/recipe-text';
import { PyError } from '../python/errors';
import { str } from '../python/text';
import { ModelValue } from './model-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue, MaskValue, UpscaleModelValue, VaeValue } from './node-value';
import { ClipValue } from './text-encoder-value';

const loraSeconds = 0.4;
/** Picks of VAELoader that are no files. */
const pixelSpace = 'pixel_space';

export const checkpointLoader: NodeBehaviour = {
  functionName: 'CheckpointLoaderSimple.load_checkpoint',
  async run(call) {
    const file = call.text('ckpt_name');
    await call.runtime.readModel(file, checkpointBytes(file));
    return {
      outputs: [
        new ModelValue({ file, family: familyOf(file), weights: diffusionWeights(file) }),
        new ClipValue([file]),
        new VaeValue(file),
      ],
    };
  },
};

/** Asked for fp8, a loader rounds wider weights when it moves them. */
export const unetLoader: NodeBehaviour = {
  functionName: 'UNETLoader.load_unet',
  async run(call) {
    const file = call.text('unet_name');
    const bits = call.text('weight_dtype').startsWith('fp8') ? 8 : 32;
    await call.runtime.readModel(file, diffusionWeights(file).bytes);
    return { outputs: [new ModelValue({ file, family: familyOf(file), weights: diffusionWeights(file, bits) })] };
  },
};

/**
 * Loaders of one, two, three or four text encoders; those of the newer schema were not checked at validation until
 * later.
 */
export const clipLoader = (inputs: readonly string[], functionName?: string): NodeBehaviour => ({
  ...(functionName === undefined ? {} : { functionName }),
  async run(call) {
    const files = inputs.map((input) => call.text(input));
    for (const file of files) {
      if (functionName === undefined) requireFile(call, 'text_encoders', file);
      await call.runtime.readModel(file, encoderWeights(file).bytes);
    }
    return { outputs: [new ClipValue(files, [], -1, call.has('device') && call.text('device') === 'cpu')] };
  },
});

export const vaeLoader: NodeBehaviour = {
  functionName: 'VAELoader.load_vae',
  async run(call) {
    const file = call.text('vae_name');
    if (file !== pixelSpace) await call.runtime.readModel(file, decoderWeights(file).bytes);
    return { outputs: [new VaeValue(file)] };
  },
};

export const loraLoader: NodeBehaviour = {
  functionName: 'LoraLoader.load_lora',
  async run(call) {
    const model = call.value('model', ModelValue);
    const clip = call.value('clip', ClipValue);
    const strength = call.float('strength_model');
    const clipStrength = call.float('strength_clip');
    if (strength === 0 && clipStrength === 0) return { outputs: [model, clip] };
    await call.runtime.work(loraSeconds);
    const lora = `${call.text('lora_name')}@${strength}/${clipStrength}`;
    return { outputs: [model.with({ loras: [...model.loras, lora] }), clip.with({ loras: [...clip.loras, lora] })] };
  },
};

export const loraLoaderModelOnly: NodeBehaviour = {
  functionName: 'LoraLoaderModelOnly.load_lora_model_only',
  async run(call) {
    const model = call.value('model', ModelValue);
    const strength = call.float('strength_model');
    if (strength === 0) return { outputs: [model] };
    await call.runtime.work(loraSeconds);
    return { outputs: [model.with({ loras: [...model.loras, `${call.text('lora_name')}@${strength}`] })] };
  },
};

export const upscaleModelLoader: NodeBehaviour = {
  async run(call) {
    const file = call.text('model_name');
    requireFile(call, 'upscale_models', file);
    await call.runtime.readModel(file, helperWeights(file).bytes);
    return { outputs: [new UpscaleModelValue(file, /x2|2x/i.test(file) ? 2 : 4)] };
  },
};

/** Lists of the newer kind of node were not checked at validation until later versions. */
function requireFile(call: NodeCall, folder: string, file: string): void {
  if (!call.runtime.hasModel(folder, file))
    throw new PyError('FileNotFoundError', `Model in folder '${folder}' with filename '${file}' not found.`);
}

/** Reads what lies in the input folder; a changed file under an old name counts as changed. */
export const loadImage: NodeBehaviour = {
  functionName: 'LoadImage.load_image',
  fingerprint: (inputs, folders) => {
    const name = inputs.get('image');
    return name === undefined
      ? null
      : [
          createHash('sha256')
            .update(readFileSync(folders.annotatedPath(str(name))))
            .digest('hex'),
        ];
  },
  async run(call) {
    const name = call.text('image');
    const picture = await decode(readFileSync(call.runtime.folders.annotatedPath(name)), name);
    return { outputs: [new ImageValue([picture]), new MaskValue(picture.width, picture.height)] };
  },
};

async function decode(bytes: Buffer, name: string): Promise<Picture> {
  try {
    return await Picture.fromFile(bytes, createHash('sha256').update(bytes).digest('hex'), {
      recipe: recipeOf(bytes),
      isNamedFace: /face|portrait/i.test(name),
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    if (isPngHead(bytes)) throw new PyError('OSError', 'Truncated File Read', [cause]);
    throw new PyError('PIL.UnidentifiedImageError', 'cannot identify image file', [cause]);
  }
}

/** A picture that a simulator drew and saved says how. */
const recipeOf = (bytes: Buffer): DrawingRecipe | undefined =>
  isPngHead(bytes) ? fromRecipeText(readText(bytes).get(recipeKeyword)) : undefined;

const isPngHead = (bytes: Buffer): boolean =>
  bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
