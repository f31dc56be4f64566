import { decodePicture } from '../decode';
import { largestDifference } from './digests';
import { describeVectors, each, readBytes, vectorPath, type BinaryReference } from './vector-files';

describeVectors<{
  cases: {
    file: string;
    note: string;
    tolerance: { lsb: number };
    width: number;
    height: number;
    rgb: BinaryReference;
  }[];
  errors: { file: string }[];
}>('decode', ({ cases = [], errors = [] }) => {
  each(cases.map((vector) => [vector.file, vector] as const))(
    '%s',
    async (_, { file, width, height, rgb, tolerance }) => {
      const picture = await decodePicture(vectorPath(file));
      expect([picture.width, picture.height]).toEqual([width, height]);
      expect(largestDifference(picture.data, readBytes(rgb))).toBeLessThanOrEqual(tolerance.lsb);
    },
  );

  each(errors)('$file is refused', async ({ file }) => {
    await expect(decodePicture(vectorPath(file))).rejects.toMatchObject({ name: 'PictureRefusal' });
  });
});
