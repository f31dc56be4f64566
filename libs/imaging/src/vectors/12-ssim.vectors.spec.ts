import type { Raster, Rgb } from '../picture';
import { skimageDefaultWindow, structuralSimilarity, wangWindow } from '../ssim/ssim';
import { clampToByte, generatedPicture, rgb, rolledRight, streamBytes, type GeneratedInput } from './generated-pictures';
import { readVectors } from './vector-files';

interface Refusal {
  readonly expect: object;
}

const { tolerance, cases } = readVectors<{
  tolerance: number;
  cases: {
    id: string;
    input: GeneratedInput;
    second: 'same' | 'shift1px_right_wrap' | 'noise_add' | 'half_contrast';
    skimageDefaultRGB: number;
    skimageDefaultGreen: number;
    wangRGB: number | Refusal;
    wangGreen: number | Refusal;
  }[];
}>('12_ssim');

const changed: Record<(typeof cases)[number]['second'], (picture: Rgb) => Rgb> = {
  same: (picture) => picture,
  shift1px_right_wrap: (picture) => rolledRight(picture, 1),
  noise_add: ({ width, height, data }) => {
    const noise = streamBytes(data.length, 182);
    return rgb(
      width,
      height,
      data.map((value, index) => clampToByte(value + (noise[index]! >> 3) - 16)),
    );
  },
  half_contrast: ({ width, height, data }) =>
    rgb(
      width,
      height,
      data.map((value) => Math.floor(value / 2) + 64),
    ),
};

const green = ({ width, height, data }: Rgb): Raster => ({ width, height, channels: 1, data: data.filter((_, index) => index % 3 === 1) });

describe('ssim', () => {
  it.each(cases.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    const first = generatedPicture(vector.input);
    const second = changed[vector.second](first);
    const expected = [
      [structuralSimilarity(first, second, skimageDefaultWindow), vector.skimageDefaultRGB],
      [structuralSimilarity(green(first), green(second), skimageDefaultWindow), vector.skimageDefaultGreen],
      [structuralSimilarity(first, second, wangWindow), vector.wangRGB],
      [structuralSimilarity(green(first), green(second)), vector.wangGreen],
    ] as const;
    for (const [score, value] of expected) {
      if (typeof value === 'object') expect(score).toEqual(value.expect);
      else if (score.state !== 'computed') throw new Error(score.reason);
      else expect(Math.abs(score.value - value)).toBeLessThanOrEqual(vector.second === 'same' ? 0 : tolerance);
    }
  });
});
