import type { FaceLandmarks, Point } from '../identity/alignment';
import { pasteOn } from '../model-input/crop';
import { normalisations, toPlanes } from '../model-input/planes';
import type { FloatTensor } from '../models/onnx-model';
import type { PixelSize, Rgb } from '../picture';
import { cvBilinear } from '../resample/opencv';
import { suppressOverlaps, type ScoredBox } from './overlap';

export const SCRFD_SIDE = 640;
export const SCRFD_MIN_SCORE = 0.5;
export const SCRFD_MAX_OVERLAP = 0.4;

export interface ScrfdInput {
  /** [1, 3, 640, 640] */
  readonly planes: Float32Array;
  readonly canvas: Rgb;
  readonly resizedTo: PixelSize;
  /** Canvas pixels per picture pixel. */
  readonly scale: number;
}

/**
 * Fitted without antialiasing into the top left corner of a black 640 x 640 canvas. Formula source: insightface 2.1
 * `SCRFD.detect`, static input (1.0 and later also look at 128 x 128; we do not). Tolerance 0.
 */
export function scrfdInput(picture: Rgb): ScrfdInput {
  const ratio = picture.height / picture.width;
  const resizedTo =
    ratio > 1
      ? { width: Math.max(1, Math.trunc(SCRFD_SIDE / ratio)), height: SCRFD_SIDE }
      : { width: SCRFD_SIDE, height: Math.max(1, Math.trunc(SCRFD_SIDE * ratio)) };
  const canvas = pasteOn({ width: SCRFD_SIDE, height: SCRFD_SIDE, level: 0 }, cvBilinear(picture, resizedTo), 0, 0);
  return {
    planes: toPlanes(canvas, normalisations.scrfd),
    canvas,
    resizedTo,
    scale: resizedTo.height / picture.height,
  };
}

export interface DetectedFace extends ScoredBox {
  /** Missing when the network gives boxes only. */
  readonly landmarks?: FaceLandmarks;
}

/** Strides and anchors by number of outputs: scores of every stride, then boxes, then landmarks. */
const layouts: ReadonlyMap<
  number,
  { readonly strides: readonly number[]; readonly anchors: number; readonly landmarks: boolean }
> = new Map([
  [6, { strides: [8, 16, 32], anchors: 2, landmarks: false }],
  [9, { strides: [8, 16, 32], anchors: 2, landmarks: true }],
  [10, { strides: [8, 16, 32, 64, 128], anchors: 1, landmarks: false }],
  [15, { strides: [8, 16, 32, 64, 128], anchors: 1, landmarks: true }],
]);

/**
 * Faces in canvas outputs, in picture pixels, best score first, equal scores by row.
 * Cell centres have no half; cells run row by row with their anchors together; distances are in strides.
 * Formula source: insightface 2.1 `SCRFD.detect`. Tolerance 1e-3 px, same set and order.
 * @param outputs in the order of the network
 * @throws RangeError for another number of outputs or rows
 */
export function decodeScrfd(
  outputs: readonly FloatTensor[],
  scale: number,
  minScore = SCRFD_MIN_SCORE,
): { readonly faces: DetectedFace[]; readonly candidates: number } {
  const layout = layouts.get(outputs.length);
  if (layout === undefined) throw new RangeError(`a face detector has 6, 9, 10 or 15 outputs, not ${outputs.length}`);
  const found = layout.strides.flatMap((stride, level) => {
    const levels = layout.strides.length;
    return decodeLevel(stride, layout.anchors, scale, minScore, {
      scores: outputs[level]!.data,
      boxes: outputs[level + levels]!.data,
      landmarks: layout.landmarks ? outputs[level + 2 * levels]!.data : undefined,
    });
  });
  return { faces: suppressOverlaps(found, SCRFD_MAX_OVERLAP).map((index) => found[index]!), candidates: found.length };
}

interface LevelOutputs {
  readonly scores: Float32Array;
  readonly boxes: Float32Array;
  readonly landmarks: Float32Array | undefined;
}

function decodeLevel(
  stride: number,
  anchors: number,
  scale: number,
  minScore: number,
  outputs: LevelOutputs,
): DetectedFace[] {
  const f = Math.fround;
  const columns = Math.ceil(SCRFD_SIDE / stride);
  const rows = columns * columns * anchors;
  if (
    outputs.scores.length !== rows ||
    outputs.boxes.length !== rows * 4 ||
    (outputs.landmarks && outputs.landmarks.length !== rows * 10)
  )
    throw new RangeError(`stride ${stride} needs ${rows} rows, got ${outputs.scores.length}`);
  const faces: DetectedFace[] = [];
  for (let row = 0; row < rows; row += 1) {
    const score = outputs.scores[row]!;
    if (!(score >= minScore)) continue;
    const cell = Math.floor(row / anchors);
    const x = (cell % columns) * stride;
    const y = Math.floor(cell / columns) * stride;
    const at = (centre: number, strides: number): number => f(f(centre + f(strides * stride)) / scale);
    const distance = (side: number): number => outputs.boxes[row * 4 + side]!;
    const box = {
      left: at(x, -distance(0)),
      top: at(y, -distance(1)),
      right: at(x, distance(2)),
      bottom: at(y, distance(3)),
      score,
    };
    if (outputs.landmarks === undefined) faces.push(box);
    else {
      const points = outputs.landmarks.subarray(row * 10, row * 10 + 10);
      const point = (index: number): Point => [at(x, points[index * 2]!), at(y, points[index * 2 + 1]!)];
      faces.push({ ...box, landmarks: [point(0), point(1), point(2), point(3), point(4)] });
    }
  }
  return faces;
}

/**
 * The `count` faces that matter most, largest value first: area minus twice the squared distance to the picture's
 * centre, or the area alone. Of equal values the later face comes first, as from numpy's reversed argsort. Formula
 * source: insightface 2.1 `SCRFD.detect`, max_num and metric.
 */
export function chooseFaces(
  faces: readonly DetectedFace[],
  count: number,
  picture: PixelSize,
  metric: 'central' | 'largest' = 'central',
): DetectedFace[] {
  if (faces.length <= count) return [...faces];
  const centreX = Math.floor(picture.width / 2);
  const centreY = Math.floor(picture.height / 2);
  const values = faces.map(({ left, top, right, bottom }) => {
    const area = (right - left) * (bottom - top);
    if (metric === 'largest') return area;
    const dx = (left + right) / 2 - centreX;
    const dy = (top + bottom) / 2 - centreY;
    return area - 2 * (dx * dx + dy * dy);
  });
  return values
    .map((value, index) => ({ value, index }))
    .sort((left, right) => right.value - left.value || right.index - left.index)
    .slice(0, count)
    .map(({ index }) => faces[index]!);
}
