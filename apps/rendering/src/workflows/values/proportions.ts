/** Pixels. */
export interface Size {
  width: number;
  height: number;
}

/** What a side may be: `multiple_of` times a whole number, plus `remainder`, from `min` to `max`. */
export interface SideLimits {
  min: number;
  max: number;
  multiple_of: number;
  remainder: number;
}

/** Of a film's or picture's two sides. */
export interface SizeLimits {
  width: SideLimits;
  height: SideLimits;
}

/** The smallest share of the budget's pixels that is given up for truer proportions. */
const leastShare = 0.75;

/** The largest value on the steps that is not above `value`; limits are not looked at. */
export const stepBelow = (
  { multiple_of: step, remainder }: Pick<SideLimits, 'multiple_of' | 'remainder'>,
  value: number,
): number => Math.floor((value - remainder) / step) * step + remainder;

/** The values on the steps and within the limits next to `value`, below and above it; one where it is such a value. */
export function nearestSteps(limits: SideLimits, value: number): number[] {
  const below = stepBelow(limits, value);
  const near = below === value ? [value] : [below, below + limits.multiple_of];
  return near.filter((other) => other >= limits.min && other <= limits.max);
}

const nearest = (limits: SideLimits, value: number): number | undefined =>
  nearestSteps(limits, value).sort((a, b) => Math.abs(a - value) - Math.abs(b - value))[0];

/**
 * The size with the truest proportions among all with three quarters of `pixels` or more and no more than all of them,
 * both sides on their steps and within their limits; of equally true ones the largest. Undefined where there is none:
 * the proportions are too extreme.
 */
export function sizeWithin(of: Size, pixels: number, limits: SizeLimits): Size | undefined {
  let best: (Size & { error: number }) | undefined;
  const { min, max, multiple_of: step } = limits.width;
  for (let width = stepBelow(limits.width, max); width >= min; width -= step) {
    for (const height of nearestSteps(limits.height, (width * of.height) / of.width)) {
      if (width * height > pixels || width * height < pixels * leastShare) continue;
      const error = proportionError(of, { width, height });
      // The largest comes first; what is only a rounding truer does not replace it.
      if (best === undefined || error < best.error - 1e-9) best = { width, height, error };
    }
  }
  return best && { width: best.width, height: best.height };
}

/** How far proportions are from those of another size: 0 for the same, the logarithm of the factor otherwise. */
const proportionError = (a: Size, b: Size): number => Math.abs(Math.log(a.width / a.height / (b.width / b.height)));

/** The size of the same proportions with so many pixels on its longer side; undefined where that is out of limits. */
export function sizeOfLongerSide(of: Size, longer: number, limits: SizeLimits): Size | undefined {
  const scale = longer / Math.max(of.width, of.height);
  return onSteps({ width: of.width * scale, height: of.height * scale }, limits);
}

/** The size of the same proportions with the one side that is stated; undefined where the other is out of limits. */
export function sizeOfOneSide(of: Size, stated: Partial<Size>, limits: SizeLimits): Size | undefined {
  const {
    width = ((stated.height ?? 0) * of.width) / of.height,
    height = ((stated.width ?? 0) * of.height) / of.width,
  } = stated;
  const size = onSteps({ width, height }, limits);
  return size && { ...size, ...stated };
}

/** The size itself, or the next smaller one on the steps; undefined where that is out of the limits. */
export function sizeOnSteps(of: Size, { width, height }: SizeLimits): Size | undefined {
  const size = { width: stepBelow(width, of.width), height: stepBelow(height, of.height) };
  const isWithin =
    size.width >= width.min && size.width <= width.max && size.height >= height.min && size.height <= height.max;
  return isWithin ? size : undefined;
}

function onSteps(size: Size, limits: SizeLimits): Size | undefined {
  const [width, height] = [nearest(limits.width, size.width), nearest(limits.height, size.height)];
  return width === undefined || height === undefined ? undefined : { width, height };
}

/**
 * What is cut off of a picture that is brought to another size with its middle kept, as ComfyUI does: the side that is
 * cut, and the share of it that is lost, 0 to 1.
 */
export function cutOff(from: Size, to: Size): { side: 'width' | 'height'; share: number } {
  const factor = to.width / to.height / (from.width / from.height);
  return factor < 1 ? { side: 'width', share: 1 - factor } : { side: 'height', share: 1 - 1 / factor };
}
