import { estimateFaceMatrix, type FaceLandmarks } from '../identity/alignment';
import { warpAffineBilinear } from '../resample/warp-affine';
import { expectBytes, largestDifference, type ByteDigest } from './digests';
import { generatedPicture, type GeneratedInput } from './generated-pictures';
import { describeVectors, each } from './vector-files';

type Row = readonly [number, number, number];

describeVectors<{
  tolerance: { M: number };
  cases: {
    id: string;
    landmarks: FaceLandmarks;
    size: number;
    M: readonly [Row, Row];
    warps: (ByteDigest & { input: GeneratedInput })[];
  }[];
  degenerate: { id: string; landmarks: (number | null)[][]; expect: object }[];
}>('alignment', ({ tolerance, cases = [], degenerate = [] }) => {
  describe('alignment matrix', () => {
    each(cases.map((vector) => [vector.id, vector] as const))('%s', (_, { landmarks, size, M }) => {
      const matrix = estimateFaceMatrix(landmarks, size);
      if (matrix.state !== 'computed') throw new Error(matrix.reason);
      expect(largestDifference(matrix.value, M.flat())).toBeLessThanOrEqual(tolerance.M);
    });

    each(degenerate.map((vector) => [vector.id, vector] as const))('%s', (_, { landmarks, expect: expected }) => {
      // JSON writes NaN as null.
      const points = landmarks.map((point) => point.map((value) => value ?? NaN)) as unknown as FaceLandmarks;
      expect(estimateFaceMatrix(points, 112)).toEqual(expected);
    });
  });

  describe('warp given the matrix', () => {
    each(
      cases.flatMap((vector) => vector.warps.map((warp) => [`${vector.id} ${warp.input.kind}`, vector, warp] as const)),
    )('%s', (_, { M, size }, warp) => {
      const [top, bottom] = M;
      expectBytes(
        warpAffineBilinear(generatedPicture(warp.input), [...top, ...bottom], { width: size, height: size }).data,
        warp,
      );
    });
  });
});
