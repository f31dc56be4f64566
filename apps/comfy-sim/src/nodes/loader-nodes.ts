import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { familyOf } from '../card/model-family';
import { Picture } from '../pictures/picture';
import { PyError } from '../python/errors';
import { str } from '../python/text';
import type { NodeBehaviour } from './node-behaviour';
import { ClipValue, ImageValue, MaskValue, ModelValue, UpscaleModelValue, VaeValue } from './node-value';

const loraSeconds = 0.4;
const upscalerSeconds = 0.6;

export const checkpointLoader: NodeBehaviour = {
  functionName: 'CheckpointLoaderSimple.load_checkpoint',
  async run(call) {
    const file = call.text('ckpt_name');
    await call.runtime.work(call.runtime.card.loadSeconds(file));
    return { outputs: [new ModelValue(file, familyOf(file)), new ClipValue(file), new VaeValue(file)] };
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
    return {
      outputs: [
        new ModelValue(model.checkpoint, model.family, [...model.loras, lora]),
        new ClipValue(clip.checkpoint, [...clip.loras, lora], clip.lastLayer),
      ],
    };
  },
};

export const upscaleModelLoader: NodeBehaviour = {
  async run(call) {
    const file = call.text('model_name');
    // Lists of this newer kind of node were not checked at validation until later versions.
    if (!call.runtime.hasModel('upscale_models', file)) {
      throw new PyError('FileNotFoundError', `Model in folder 'upscale_models' with filename '${file}' not found.`);
    }
    await call.runtime.work(upscalerSeconds);
    return { outputs: [new UpscaleModelValue(file, /x2|2x/i.test(file) ? 2 : 4)] };
  },
};

/** Reads what lies in the input folder; a changed file under an old name counts as changed. */
export const loadImage: NodeBehaviour = {
  functionName: 'LoadImage.load_image',
  fingerprint: (inputs, folders) => {
    const name = inputs.get('image');
    return name === undefined ? null : [createHash('sha256').update(readFileSync(folders.annotatedPath(str(name)))).digest('hex')];
  },
  async run(call) {
    const bytes = readFileSync(call.runtime.folders.annotatedPath(call.text('image')));
    const picture = await decode(bytes);
    return { outputs: [new ImageValue([picture]), new MaskValue(picture.width, picture.height)] };
  },
};

async function decode(bytes: Buffer): Promise<Picture> {
  try {
    return await Picture.fromFile(bytes, createHash('sha256').update(bytes).digest('hex'));
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    if (isPngHead(bytes)) throw new PyError('OSError', 'Truncated File Read', [cause]);
    throw new PyError('PIL.UnidentifiedImageError', 'cannot identify image file', [cause]);
  }
}

const isPngHead = (bytes: Buffer): boolean => bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
