import type { Rgb } from '../picture';
import { warpAffineBilinear, type AffineMatrix } from '../resample/warp-affine';
import { measured, notComputed, type Outcome } from '../score';

export type Point = readonly [x: number, y: number];

/** As the viewer sees them: left eye, right eye, nose, left and right corner of the mouth, in source pixels. */
export type FaceLandmarks = readonly [Point, Point, Point, Point, Point];

export const FACE_ALIGNMENT = 'arcface-112/1: similarity transform, opencv warpAffine bilinear';

/** Places at 112 x 112 on which ArcFace was trained; insightface stores them in 32 bits. */
const template: readonly Point[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/** Below this spread in square pixels all landmarks are one point, and the transform would magnify without bound. */
const minSpread = 1e-6;

/**
 * The similarity transform (turn, scale, shift; never a mirror) that brings the landmarks closest to the template:
 * a = sum(xu + yv) / sum(x² + y²), b = sum(xv - yu) / sum(x² + y²) on centred points, M = [[a, -b, tx], [b, a, ty]].
 * Formula source: Umeyama 1991 in closed form; equal to insightface 2.1 `face_align.estimate_norm` within 1e-4.
 * @param size a multiple of 112, or of 128 with the face moved 8 pixels to the right
 * @throws RangeError for any other size
 */
export function estimateFaceMatrix(landmarks: FaceLandmarks, size: number): Outcome<AffineMatrix> {
  const goal = templateAt(size);
  if (!landmarks.flat().every(Number.isFinite)) return notComputed('degenerate_landmarks');
  const from = centroid(landmarks);
  const to = centroid(goal);
  let along = 0;
  let across = 0;
  let spread = 0;
  landmarks.forEach((point, index) => {
    const x = point[0] - from[0];
    const y = point[1] - from[1];
    const u = goal[index]![0] - to[0];
    const v = goal[index]![1] - to[1];
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  });
  if (spread < minSpread || (along === 0 && across === 0)) return notComputed('degenerate_landmarks');
  const a = along / spread;
  const b = across / spread;
  return measured([a, -b, to[0] - a * from[0] + b * from[1], b, a, to[1] - b * from[0] - a * from[1]] as const);
}

/** The face upright at `size` x `size`, black where the picture ends. Tolerance 0 given the matrix. */
export function alignFace(picture: Rgb, landmarks: FaceLandmarks, size = 112): Outcome<Rgb> {
  const matrix = estimateFaceMatrix(landmarks, size);
  return matrix.state === 'computed'
    ? measured(warpAffineBilinear(picture, matrix.value, { width: size, height: size }))
    : matrix;
}

function templateAt(size: number): Point[] {
  const unit = size % 112 === 0 ? 112 : 128;
  if (!(size > 0) || size % unit !== 0)
    throw new RangeError(`a face is aligned at a multiple of 112 or 128, not at ${size}`);
  const ratio = size / unit;
  const shift = unit === 128 ? 8 * ratio : 0;
  return template.map(([x, y]) => [Math.fround(x) * ratio + shift, Math.fround(y) * ratio]);
}

function centroid(points: readonly Point[]): Point {
  const sum = points.reduce<Point>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}
