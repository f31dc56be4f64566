import type { Rgb } from '../picture';

export interface GeneratedInput {
  readonly kind: 'lcg' | 'lineart';
  readonly w: number;
  readonly h: number;
  readonly seed: number;
}

// Looked up once: in the sandbox of the test runner every use of a global costs more than the work done with it.
const { imul, min, max } = Math;

export const clampToByte = (value: number): number => min(255, max(0, value));

/** The byte stream of the vector files: `x = (1664525 x + 1013904223) mod 2^32`, advance first, then the high byte. */
export function byteStream(seed: number): () => number {
  let x = seed >>> 0;
  return () => {
    x = (imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return x >>> 24;
  };
}

export function streamBytes(count: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let x = seed >>> 0;
  for (let index = 0; index < count; index += 1) {
    x = (imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = x >>> 24;
  }
  return bytes;
}

export const rgb = (width: number, height: number, data: Uint8Array): Rgb => ({ width, height, channels: 3, data });

export const noisePicture = (width: number, height: number, seed: number): Rgb =>
  rgb(width, height, streamBytes(width * height * 3, seed));

const remembered = new Map<string, Rgb>();

/** The vector files use one input for many cases, one after the other; the last few are kept. */
export function generatedPicture({ kind, w, h, seed }: GeneratedInput): Rgb {
  const key = `${kind} ${w} ${h} ${seed}`;
  const known = remembered.get(key);
  if (known) return known;
  if (remembered.size > 4) remembered.clear();
  const picture = kind === 'lcg' ? noisePicture(w, h, seed) : lineArt(w, h, seed);
  remembered.set(key, picture);
  return picture;
}

type Colour = readonly [number, number, number];
const ink: Colour = [20, 10, 20];

/** The integer drawing of the vector files: twelve outlined discs, then twenty-four lines. */
export function lineArt(width: number, height: number, seed: number): Rgb {
  const byte = byteStream(seed);
  const word = (): number => byte() * 256 + byte();
  const picture = flatPicture(width, height, [245, 240, 230]);
  for (let disc = 0; disc < 12; disc += 1) {
    const cx = word() % width;
    const cy = word() % height;
    const radius = 2 + (word() % Math.max(1, Math.floor(Math.min(width, height) / 4)));
    drawDisc(picture, cx, cy, radius, [byte(), byte(), byte()]);
  }
  for (let line = 0; line < 24; line += 1) {
    const x0 = word() % width;
    const y0 = word() % height;
    const x1 = word() % width;
    const y1 = word() % height;
    drawLine(picture, x0, y0, x1, y1, line % 3 === 0 ? [255, 255, 255] : ink);
  }
  return picture;
}

export function flatPicture(width: number, height: number, colour: Colour): Rgb {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < data.length; at += 1) data[at] = colour[(at % 3) as 0 | 1 | 2];
  return rgb(width, height, data);
}

function drawDisc({ width, height, data }: Rgb, cx: number, cy: number, radius: number, colour: Colour): void {
  const inner = radius * radius;
  const outer = (radius + 1) * (radius + 1);
  for (let y = Math.max(0, cy - radius - 1); y <= Math.min(height - 1, cy + radius + 1); y += 1)
    for (let x = Math.max(0, cx - radius - 1); x <= Math.min(width - 1, cx + radius + 1); x += 1) {
      const distance = (x - cx) ** 2 + (y - cy) ** 2;
      if (distance <= inner) data.set(colour, (y * width + x) * 3);
      else if (distance <= outer) data.set(ink, (y * width + x) * 3);
    }
}

function drawLine({ width, data }: Rgb, fromX: number, fromY: number, x1: number, y1: number, colour: Colour): void {
  const dx = Math.abs(x1 - fromX);
  const dy = -Math.abs(y1 - fromY);
  const stepX = fromX < x1 ? 1 : -1;
  const stepY = fromY < y1 ? 1 : -1;
  let x = fromX;
  let y = fromY;
  let error = dx + dy;
  for (;;) {
    data.set(colour, (y * width + x) * 3);
    if (x === x1 && y === y1) return;
    const twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x += stepX;
    }
    if (twice <= dx) {
      error += dx;
      y += stepY;
    }
  }
}

/** Every row moved right by `pixels`, wrapping round. */
export function rolledRight({ width, height, data }: Rgb, pixels: number): Rgb {
  const rolled = new Uint8Array(data.length);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const from = (y * width + ((((x - pixels) % width) + width) % width)) * 3;
      rolled.set(data.subarray(from, from + 3), (y * width + x) * 3);
    }
  return rgb(width, height, rolled);
}

export interface DetectorImage {
  readonly w: number;
  readonly h: number;
  readonly background: Colour | { readonly lineart_div4_plus96_seed: number };
  readonly rects: readonly (readonly [number, number, number, number, Colour])[];
}

export function detectorPicture({ w, h, background, rects }: DetectorImage): Rgb {
  const picture =
    'lineart_div4_plus96_seed' in background
      ? rgb(
          w,
          h,
          lineArt(w, h, background.lineart_div4_plus96_seed).data.map((value) => Math.floor(value / 4) + 96),
        )
      : flatPicture(w, h, background);
  for (const [left, top, width, height, colour] of rects)
    for (let y = top; y < top + height; y += 1)
      for (let x = left; x < left + width; x += 1) picture.data.set(colour, (y * w + x) * 3);
  return picture;
}
