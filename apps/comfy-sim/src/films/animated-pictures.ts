import { sharp } from '@tower/imaging';
import { Picture } from '../pictures/picture';
import { animatedPng } from '../pictures/png';

export interface Animation {
  readonly framesPerSecond: number;
  /** How often it plays; 0 for ever. */
  readonly loops: number;
}

/** All pictures must have the size of the first; at least one. */
async function strip(
  pictures: readonly Picture[],
  { framesPerSecond }: Animation,
): Promise<{ image: sharp.Sharp; delay: number[] }> {
  const [first] = pictures;
  if (first === undefined) throw new Error('an animation needs a picture');
  const frames = Buffer.concat(await Promise.all(pictures.map((picture) => picture.pixels())));
  const raw = {
    width: first.width,
    height: first.height * pictures.length,
    channels: 3 as const,
    pageHeight: first.height,
  };
  return { image: sharp(frames, { raw }), delay: pictures.map(() => Math.round(1000 / framesPerSecond)) };
}

/** `texts` become EXIF entries, by tag name, as ComfyUI hides its prompt in them. */
export async function animatedWebp(
  pictures: readonly Picture[],
  animation: Animation,
  quality: { readonly lossless: boolean; readonly quality: number },
  exif: Record<string, string> = {},
): Promise<Buffer> {
  const { image, delay } = await strip(pictures, animation);
  const told = Object.keys(exif).length === 0 ? image : image.withExif({ IFD0: exif });
  return told.webp({ ...quality, loop: animation.loops, delay }).toBuffer();
}

export async function animatedGif(pictures: readonly Picture[], animation: Animation): Promise<Buffer> {
  const { image, delay } = await strip(pictures, animation);
  // Equal frames stay frames, so that a film keeps its length.
  return image.gif({ loop: animation.loops, delay, keepDuplicateFrames: true }).toBuffer();
}

export async function animatedPngOf(
  pictures: readonly Picture[],
  animation: Animation,
  compressionLevel: number,
  texts: ReadonlyMap<string, string>,
): Promise<Buffer> {
  return animatedPng(await Promise.all(pictures.map((picture) => picture.png(compressionLevel))), animation, texts);
}
