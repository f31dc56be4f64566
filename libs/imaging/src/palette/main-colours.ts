import type { Rgb } from '../picture';
import { requireRaster } from '../resample/requirements';
import { labOfRgb, type Lab } from './lab';

export interface MainColour {
  readonly lab: Lab;
  /** Mean of its pixels, 0..255, whole numbers. */
  readonly rgb: readonly [number, number, number];
  /** Of the picture's pixels, 0..1. All shares of a picture add up to 1. */
  readonly share: number;
}

/** Enough for skin, hair, eyes, clothes and ground; more only splits shading. */
export const MAIN_COLOURS = 8;

/** Levels per channel that fall into one cell of the histogram. */
const cellBits = 3;
const rounds = 12;

interface Cell {
  readonly lab: Lab;
  readonly count: number;
  readonly sum: readonly [number, number, number];
}

/**
 * The picture's main colours, largest share first: k-means in L*a*b* over a histogram of 32 levels per channel. Seeds
 * are the fullest cell and then, each time, the cell with the most pixels times squared distance; no chance is
 * involved.
 */
export function mainColours(picture: Rgb, count = MAIN_COLOURS): MainColour[] {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`a picture cannot have ${count} main colours`);
  const cells = histogram(picture);
  let centres = seed(cells, count);
  let owner = assign(cells, centres);
  for (let round = 0; round < rounds; round += 1) {
    centres = centres.map((centre, index) => centroid(cells, owner, index) ?? centre);
    const next = assign(cells, centres);
    if (next.every((value, index) => value === owner[index])) break;
    owner = next;
  }
  const pixels = picture.width * picture.height;
  return centres
    .flatMap((_, index) =>
      toMainColour(
        cells.filter((_cell, at) => owner[at] === index),
        pixels,
      ),
    )
    .sort((left, right) => right.share - left.share);
}

function histogram(picture: Rgb): Cell[] {
  requireRaster(picture);
  const side = 256 >> cellBits;
  const counts = new Uint32Array(side ** 3);
  const sums = new Float64Array(side ** 3 * 3);
  const { data } = picture;
  for (let at = 0; at < data.length; at += 3) {
    const red = data[at]!;
    const green = data[at + 1]!;
    const blue = data[at + 2]!;
    const cell = ((red >> cellBits) * side + (green >> cellBits)) * side + (blue >> cellBits);
    counts[cell]! += 1;
    sums[cell * 3]! += red;
    sums[cell * 3 + 1]! += green;
    sums[cell * 3 + 2]! += blue;
  }
  const cells: Cell[] = [];
  counts.forEach((count, cell) => {
    if (count === 0) return;
    const sum = [sums[cell * 3]!, sums[cell * 3 + 1]!, sums[cell * 3 + 2]!] as const;
    const level = (channel: 0 | 1 | 2): number => Math.round(sum[channel] / count);
    cells.push({ lab: labOfRgb(level(0), level(1), level(2)), count, sum });
  });
  return cells;
}

const squaredDistance = (left: Lab, right: Lab): number =>
  (left.l - right.l) ** 2 + (left.a - right.a) ** 2 + (left.b - right.b) ** 2;

function seed(cells: readonly Cell[], count: number): Lab[] {
  const fullest = cells.reduce((best, cell) => (cell.count > best.count ? cell : best));
  const centres = [fullest.lab];
  const nearest = cells.map((cell) => squaredDistance(cell.lab, fullest.lab));
  while (centres.length < Math.min(count, cells.length)) {
    let best = 0;
    cells.forEach((cell, index) => {
      if (cell.count * nearest[index]! > cells[best]!.count * nearest[best]!) best = index;
    });
    const centre = cells[best]!.lab;
    if (nearest[best] === 0) break;
    centres.push(centre);
    cells.forEach((cell, index) => {
      nearest[index] = Math.min(nearest[index]!, squaredDistance(cell.lab, centre));
    });
  }
  return centres;
}

function assign(cells: readonly Cell[], centres: readonly Lab[]): number[] {
  return cells.map(({ lab }) => {
    let best = 0;
    centres.forEach((centre, index) => {
      if (squaredDistance(lab, centre) < squaredDistance(lab, centres[best]!)) best = index;
    });
    return best;
  });
}

function centroid(cells: readonly Cell[], owner: readonly number[], index: number): Lab | undefined {
  let count = 0;
  let l = 0;
  let a = 0;
  let b = 0;
  cells.forEach((cell, at) => {
    if (owner[at] !== index) return;
    count += cell.count;
    l += cell.count * cell.lab.l;
    a += cell.count * cell.lab.a;
    b += cell.count * cell.lab.b;
  });
  return count === 0 ? undefined : { l: l / count, a: a / count, b: b / count };
}

function toMainColour(cells: readonly Cell[], pixels: number): MainColour[] {
  const count = cells.reduce((sum, cell) => sum + cell.count, 0);
  if (count === 0) return [];
  const level = (channel: 0 | 1 | 2): number =>
    Math.round(cells.reduce((sum, cell) => sum + cell.sum[channel], 0) / count);
  const rgb = [level(0), level(1), level(2)] as const;
  return [{ lab: labOfRgb(...rgb), rgb, share: count / pixels }];
}
