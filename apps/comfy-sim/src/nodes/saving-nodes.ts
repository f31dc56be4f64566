import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FolderKind } from '../files/folders';
import { nextSavePath } from '../files/save-path';
import { TempNames } from '../files/temp-names';
import { animatedPngOf, animatedWebp, type Animation } from '../films/animated-pictures';
import type { Picture } from '../pictures/picture';
import { withText } from '../pictures/png';
import { recipeKeyword, toRecipeText } from '../pictures/recipe-text';
import { PyFloat, dict, type PyValue } from '../python/values';
import { metadataTexts } from './film-place';
import type { NodeBehaviour, NodeCall, NodeResult } from './node-behaviour';
import { ImageValue } from './node-value';

export async function saveImages(
  call: NodeCall,
  images: ImageValue,
  kind: FolderKind,
  prefix: string,
  compressionLevel: number,
): Promise<NodeResult> {
  const [first] = images.pictures;
  const target = nextSavePath(call.runtime.folders, kind, prefix, first?.width ?? 0, first?.height ?? 0, new Date());
  const saved: PyValue[] = [];
  for (const [index, picture] of images.pictures.entries()) {
    const name = target.fileName.replaceAll('%batch_num%', String(index));
    const filename = `${name}_${String(target.counter + index).padStart(5, '0')}_.png`;
    const png = withText(
      await picture.png(compressionLevel),
      new Map([...metadataTexts(call), ...recipeTexts(picture)]),
    );
    writeFileSync(path.join(target.folder, filename), png);
    saved.push(dict({ filename, subfolder: target.subfolder, type: kind }));
  }
  return { outputs: [images], ui: dict({ images: saved }) };
}

/** How it was drawn, so that the picture is known again when it comes back as a reference. */
const recipeTexts = ({ recipe }: Picture): [string, string][] =>
  recipe?.sampled === true ? [[recipeKeyword, toRecipeText(recipe)]] : [];

export const saveImage: NodeBehaviour = {
  functionName: 'SaveImage.save_images',
  run: (call) => saveImages(call, call.value('images', ImageValue), 'output', call.text('filename_prefix'), 4),
};

/** EXIF entries that hold the prompt, and then whatever the client sent along. */
const exifNames = ['Model', 'Make', 'ImageDescription', 'DocumentName'];

export const saveAnimatedWebp: NodeBehaviour = {
  functionName: 'SaveAnimatedWEBP.save_images',
  run(call) {
    const texts = [...metadataTexts(call)].slice(0, exifNames.length);
    const exif = Object.fromEntries(texts.map(([key, text], index) => [exifNames[index] ?? '', `${key}:${text}`]));
    const quality = { lossless: call.flag('lossless'), quality: call.int('quality') };
    return saveAnimation(call, 'webp', (pictures, animation) => animatedWebp(pictures, animation, quality, exif));
  },
};

export const saveAnimatedPng: NodeBehaviour = {
  functionName: 'SaveAnimatedPNG.save_images',
  run: (call) =>
    saveAnimation(call, 'png', (pictures, animation) =>
      animatedPngOf(pictures, animation, call.int('compress_level'), metadataTexts(call)),
    ),
};

async function saveAnimation(
  call: NodeCall,
  extension: string,
  make: (pictures: readonly Picture[], animation: Animation) => Promise<Buffer>,
): Promise<NodeResult> {
  const images = call.value('images', ImageValue);
  const { pictures } = images;
  const target = nextSavePath(
    call.runtime.folders,
    'output',
    call.text('filename_prefix'),
    pictures[0]?.width ?? 0,
    pictures[0]?.height ?? 0,
    new Date(),
  );
  const filename = `${target.fileName}_${String(target.counter).padStart(5, '0')}_.${extension}`;
  writeFileSync(
    path.join(target.folder, filename),
    await make(pictures, { framesPerSecond: call.float('fps'), loops: 0 }),
  );
  const saved = [dict({ filename, subfolder: target.subfolder, type: 'output' })];
  // A single picture is no animation, and the recorded server then says nothing of one.
  return {
    outputs: [images],
    ui: dict(pictures.length === 1 ? { images: saved } : { images: saved, animated: [true] }),
  };
}

export function previewImage(): NodeBehaviour {
  const names = new TempNames();
  return {
    functionName: 'PreviewImage.save_images',
    run: (call) => saveImages(call, call.value('images', ImageValue), 'temp', names.prefixFor(call.id), 1),
  };
}

/** Pictures go to the client as PNG previews and nowhere else. The time is its fingerprint, so that it always runs. */
export const saveImageWebsocket: NodeBehaviour = {
  functionName: 'SaveImageWebsocket.save_images',
  fingerprint: () => new PyFloat(performance.timeOrigin + performance.now()),
  async run(call) {
    const { pictures } = call.value('images', ImageValue);
    for (const [index, picture] of pictures.entries()) {
      await call.runtime.tick(index, pictures.length, {
        format: 'png',
        bytes: withText(await picture.png(6), new Map()),
      });
    }
    return { outputs: [] };
  },
};
