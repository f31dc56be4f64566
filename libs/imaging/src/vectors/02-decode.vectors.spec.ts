import { decodePicture } from '../decode';
import { largestDifference } from './digests';
import { readBytes, readVectors, vectorPath, type BinaryReference } from './vector-files';

const { cases, errors } = readVectors<{
  cases: { file: string; note: string; tolerance: { lsb: number }; width: number; height: number; rgb: BinaryReference }[];
  errors: { file: string }[];
}>('02_decode');

describe('decode', () => {
  it.each(cases.map((vector) => [vector.file, vector] as const))('%s', async (_, { file, width, height, rgb, tolerance }) => {
    const picture = await decodePicture(vectorPath(file));
    expect([picture.width, picture.height]).toEqual([width, height]);
    expect(largestDifference(picture.data, readBytes(rgb))).toBeLessThanOrEqual(tolerance.lsb);
  });

  it.each(errors)('$file is refused', async ({ file }) => {
    await expect(decodePicture(vectorPath(file))).rejects.toMatchObject({ name: 'PictureRefusal' });
  });
});
