import type { Rgb } from './picture';

/**
 * ComfyUI turns NaN latents into zeros: mean below 2 and standard deviation below 2 of 255 (comfyui-protocol, failure
 * 17).
 */
export const BLACK_MAX_MEAN = 2;
export const BLACK_MAX_STD = 2;

/**
 * One flat colour carries only encoder noise: JPEG at quality 75 stays below 1 level. Estimate, not published; real
 * pictures, fog and snow included, measure above 4.
 */
export const UNIFORM_MAX_STD = 1.5;

/**
 * Side of the cells looked at for NaN holes: a latent pixel decodes to 8 x 8 picture pixels in every Stable Diffusion
 * VAE.
 */
export const NAN_CELL_SIDE = 8;

/**
 * Share of cells that are exactly zero in a picture that is otherwise not black. Estimate: cinema bars (2.39:1 in 4:3)
 * cover 44 %, a hole left by NaN usually more, or all. Advisory.
 */
export const NAN_MIN_ZERO_CELL_RATIO = 0.5;

export interface Levels {
  /** 0..255 */
  readonly mean: number;
  /** Population standard deviation, 0..127.5. */
  readonly std: number;
}

export interface PictureLevels {
  readonly red: Levels;
  readonly green: Levels;
  readonly blue: Levels;
  /** BT.601 luma, 0.299 R + 0.587 G + 0.114 B. */
  readonly luma: Levels;
  /** All samples of all channels together, as numpy's `mean()` and `std()` of the array. */
  readonly all: Levels;
  /**
   * Share of whole 8 x 8 cells in which every sample is exactly 0; of all pixels when the picture is smaller than a
   * cell.
   */
  readonly zeroCellRatio: number;
}

export type PixelFault = 'black' | 'uniform' | 'nan_look';

/** One pass over the pixels, sums in double precision. */
export function measureLevels(picture: Rgb): PictureLevels {
  const { data, width, height } = picture;
  const count = width * height;
  if (count === 0 || data.length !== count * 3)
    throw new RangeError(`${width} x ${height} RGB needs ${count * 3} bytes`);
  const sum = new Float64Array(4);
  const squares = new Float64Array(4);
  for (let at = 0; at < data.length; at += 3) {
    const red = data[at]!;
    const green = data[at + 1]!;
    const blue = data[at + 2]!;
    const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    sum[0]! += red;
    sum[1]! += green;
    sum[2]! += blue;
    sum[3]! += luma;
    squares[0]! += red * red;
    squares[1]! += green * green;
    squares[2]! += blue * blue;
    squares[3]! += luma * luma;
  }
  const of = (index: number): Levels => levels(sum[index]!, squares[index]!, count);
  return {
    red: of(0),
    green: of(1),
    blue: of(2),
    luma: of(3),
    all: levels(sum[0]! + sum[1]! + sum[2]!, squares[0]! + squares[1]! + squares[2]!, count * 3),
    zeroCellRatio: zeroCellRatio(data, width, height),
  };
}

function levels(sum: number, squares: number, count: number): Levels {
  const mean = sum / count;
  // Rounding can leave a tiny negative variance for a flat picture.
  return { mean, std: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

function zeroCellRatio(data: Uint8Array, width: number, height: number): number {
  const side = Math.min(NAN_CELL_SIDE, width, height);
  const columns = Math.floor(width / side);
  const rows = Math.floor(height / side);
  let zero = 0;
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      if (isZeroCell(data, width, column * side, row * side, side)) zero += 1;
  return zero / (rows * columns);
}

function isZeroCell(data: Uint8Array, width: number, left: number, top: number, side: number): boolean {
  for (let y = top; y < top + side; y += 1) {
    const start = (y * width + left) * 3;
    for (let at = start; at < start + side * 3; at += 1) if (data[at] !== 0) return false;
  }
  return true;
}

export const isBlack = ({ all }: PictureLevels): boolean => all.mean < BLACK_MAX_MEAN && all.std < BLACK_MAX_STD;

/** Every channel is flat; a black picture is uniform too. */
export const isUniform = ({ red, green, blue }: PictureLevels): boolean =>
  [red, green, blue].every(({ std }) => std < UNIFORM_MAX_STD);

/** Large exact-zero areas in a picture that is not black as a whole: part of the latent was NaN. */
export const looksLikeNan = (measured: PictureLevels): boolean =>
  !isBlack(measured) && measured.zeroCellRatio >= NAN_MIN_ZERO_CELL_RATIO;

/** The most specific fault, or undefined for an ordinary picture. */
export function findPixelFault(measured: PictureLevels): PixelFault | undefined {
  if (isBlack(measured)) return 'black';
  if (isUniform(measured)) return 'uniform';
  return looksLikeNan(measured) ? 'nan_look' : undefined;
}
