import type { Rgb } from '@tower/imaging';

/** A filter of the given reach, in source pixels at scale 1. */
export interface Kernel {
  reach: number;
  weight: (distance: number) => number;
}

export const triangle: Kernel = { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };

/** Keys' cubic with a = -0.5. */
export const keys: Kernel = {
  reach: 2,
  weight: (value) => {
    const x = Math.abs(value);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};

/**
 * The plain good port that the exact ones are measured against: separable, antialiased, coefficients worked out once,
 * floating point, rounded once between the passes and once at the end. It has the cost of doing the job well and none
 * of being equal to Pillow to the last bit.
 */
export function plainResample(picture: Rgb, width: number, height: number, kernel: Kernel): Rgb {
  const across = coefficients(picture.width, width, kernel);
  const down = coefficients(picture.height, height, kernel);
  const middle = new Uint8Array(width * picture.height * 3);
  for (let y = 0; y < picture.height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const { first, weights } = across[x]!;
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0, at = (y * picture.width + first) * 3; k < weights.length; k += 1, at += 3) {
        const weight = weights[k]!;
        red += weight * picture.data[at]!;
        green += weight * picture.data[at + 1]!;
        blue += weight * picture.data[at + 2]!;
      }
      put(middle, (y * width + x) * 3, red, green, blue);
    }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const { first, weights } = down[y]!;
    for (let x = 0; x < width; x += 1) {
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0, at = (first * width + x) * 3; k < weights.length; k += 1, at += width * 3) {
        const weight = weights[k]!;
        red += weight * middle[at]!;
        green += weight * middle[at + 1]!;
        blue += weight * middle[at + 2]!;
      }
      put(data, (y * width + x) * 3, red, green, blue);
    }
  }
  return { width, height, channels: 3, data };
}

const byte = (value: number): number => (value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0);

function put(data: Uint8Array, at: number, red: number, green: number, blue: number): void {
  data[at] = byte(red);
  data[at + 1] = byte(green);
  data[at + 2] = byte(blue);
}

function coefficients(from: number, to: number, kernel: Kernel): { first: number; weights: Float64Array }[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - kernel.reach * stretch + 0.5));
    const end = Math.min(from, Math.floor(centre + kernel.reach * stretch + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_unused, k) =>
      kernel.weight((first + k + 0.5 - centre) / stretch),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}
