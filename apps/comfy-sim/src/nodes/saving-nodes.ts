import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FolderKind } from '../files/folders';
import { nextSavePath } from '../files/save-path';
import { Picture } from '../pictures/picture';
import { withText } from '../pictures/png';
import { recipeKeyword, toRecipeText } from '../pictures/recipe-text';
import { PyError, keyError } from '../python/errors';
import { dumpJson } from '../python/json';
import { dict, isDict, type PyValue } from '../python/values';
import type { NodeBehaviour, NodeCall, NodeResult } from './node-behaviour';
import { ImageValue } from './node-value';

async function saveImages(call: NodeCall, kind: FolderKind, prefix: string, compressionLevel: number): Promise<NodeResult> {
  const images = call.value('images', ImageValue);
  const [first] = images.pictures;
  const target = nextSavePath(call.runtime.folders, kind, prefix, first?.width ?? 0, first?.height ?? 0, new Date());
  const saved: PyValue[] = [];
  for (const [index, picture] of images.pictures.entries()) {
    const name = target.fileName.replaceAll('%batch_num%', String(index));
    const filename = `${name}_${String(target.counter + index).padStart(5, '0')}_.png`;
    const png = withText(await picture.png(compressionLevel), new Map([...pngTexts(call), ...recipeTexts(picture)]));
    writeFileSync(path.join(target.folder, filename), png);
    saved.push(dict({ filename, subfolder: target.subfolder, type: kind }));
  }
  return { outputs: [images], ui: dict({ images: saved }) };
}

function pngTexts(call: NodeCall): Map<string, string> {
  if (!call.runtime.writesMetadata) return new Map();
  const info = call.extraData.get('extra_pnginfo') ?? null;
  return new Map([
    ['prompt', dumpJson(call.prompt)],
    ...(isDict(info) ? [...info].map(([key, value]): [string, string] => [key, dumpJson(value)]) : []),
  ]);
}

/** How it was drawn, so that the picture is known again when it comes back as a reference. */
const recipeTexts = ({ recipe }: Picture): [string, string][] => (recipe?.sampled === true ? [[recipeKeyword, toRecipeText(recipe)]] : []);

export const saveImage: NodeBehaviour = {
  functionName: 'SaveImage.save_images',
  run: (call) => saveImages(call, 'output', call.text('filename_prefix'), 4),
};

export const saveAnimatedWebp: NodeBehaviour = {
  functionName: 'SaveAnimatedWEBP.save_images',
  async run(call) {
    const { pictures } = call.value('images', ImageValue);
    const target = nextSavePath(call.runtime.folders, 'output', call.text('filename_prefix'), pictures[0]?.width ?? 0, pictures[0]?.height ?? 0, new Date());
    const filename = `${target.fileName}_${String(target.counter).padStart(5, '0')}_.webp`;
    writeFileSync(path.join(target.folder, filename), await Picture.animatedWebp(pictures, {
      fps: call.float('fps'), lossless: call.flag('lossless'), quality: call.int('quality'),
    }));
    const images = [dict({ filename, subfolder: target.subfolder, type: 'output' })];
    // A single picture is no animation, and the recorded server then says nothing of one.
    return { outputs: [], ui: dict(pictures.length === 1 ? { images } : { images, animated: [true] }) };
  },
};

const webmCodecs = ['vp9', 'av1'];

/** Videos are not drawn yet; a codec that validation let through fails as in Python. */
export const saveWebm: NodeBehaviour = {
  run(call) {
    const codec = call.text('codec');
    if (!webmCodecs.includes(codec)) throw keyError(codec);
    throw new PyError('NotImplementedError', 'the simulator writes no videos');
  },
};

const letters = 'abcdefghijklmnopqrstupvxyz';
/** One instance lives as long as its node id and class stay in the graph, and keeps its five letters. */
export function previewImage(): NodeBehaviour {
  const suffixes = new Map<string, string>();
  return {
    functionName: 'PreviewImage.save_images',
    run(call) {
      const suffix = suffixes.get(call.id) ?? Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
      suffixes.set(call.id, suffix);
      return saveImages(call, 'temp', `ComfyUI_temp_${suffix}`, 1);
    },
  };
}
