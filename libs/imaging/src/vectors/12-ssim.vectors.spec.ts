import type { Raster, Rgb } from '../picture';
import { skimageDefaultWindow, structuralSimilarity, wangWindow } from '../ssim/ssim';
import {
  clampToByte,
  generatedPicture,
  rgb,
  rolledRight,
  streamBytes,
  type GeneratedInput,
} from './generated-pictures';
import { describeVectors, each, numbersIn } from './vector-files';

interface Refusal {
  readonly expect: object;
}

const green = ({ width, height, data }: Rgb): Raster => ({
  width,
  height,
  channels: 1,
  data: data.filter((_, index) => index % 3 === 1),
});

describeVectors<{
  tolerance: number;
  second: Readonly<Record<string, string>>;
  cases: {
    id: string;
    input: GeneratedInput;
    second: string;
    skimageDefaultRGB: number;
    skimageDefaultGreen: number;
    wangRGB: number | Refusal;
    wangGreen: number | Refusal;
  }[];
}>('ssim', ({ tolerance, second: rules, cases = [] }) => {
  const secondOf = (name: string, picture: Rgb): Rgb => {
    const { width, height, data } = picture;
    const mapped = (change: (value: number, index: number) => number): Rgb => rgb(width, height, data.map(change));
    if (name === 'same') return picture;
    if (name.startsWith('shift')) return rolledRight(picture, numbersIn(name, /^shift(\d+)px_right_wrap$/)[0]!);
    const rule = rules[name] ?? '';
    if (name === 'half_contrast') {
      const [divisor, offset] = numbersIn(rule, /floor\(v\/(\d+)\)\+(\d+)/) as [number, number];
      return mapped((value) => Math.floor(value / divisor) + offset);
    }
    const [shift, middle, seed] = numbersIn(rule, /byte>>(\d+)\) - (\d+)\), bytes LCG seed (\d+)/) as [
      number,
      number,
      number,
    ];
    const noise = streamBytes(data.length, seed);
    return mapped((value, index) => clampToByte(value + (noise[index]! >> shift) - middle));
  };

  each(cases.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    const first = generatedPicture(vector.input);
    const second = secondOf(vector.second, first);
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
