import { normalisations, toPlanes } from '../model-input/planes';
import type { FloatTensor } from '../models/onnx-model';
import type { PixelSize, Rgb } from '../picture';
import { pilBicubic } from '../resample/pillow';
import { roundHalfEven } from '../rounding';
import { suppressOverlaps, type Box, type ScoredBox } from './overlap';

export const YOLO_MAX_OVERLAP = 0.7;

export interface YoloDetection extends Box {
  readonly label: string;
  /** 0..1 */
  readonly score: number;
}

export interface YoloOptions {
  /** The F1-optimal value of the model's card, strictly exceeded; compared in 32 bits. */
  readonly minScore: number;
  readonly maxOverlap?: number;
  /** In the order of the network's class scores. */
  readonly labels: readonly string[];
  /** The picture whose pixels the boxes shall have. */
  readonly picture: PixelSize;
  /** The network's input. */
  readonly input: PixelSize;
}

/**
 * [1, 3, height, width], squashed: these detectors were trained and measured without letterboxing.
 * Formula source: imgutils 0.19 `YOLOModel.predict`. Tolerance 1e-6.
 */
export const yoloInput = (picture: Rgb, size: PixelSize): Float32Array =>
  toPlanes(pilBicubic(picture, size), normalisations.unit);

/**
 * Detections in whole picture pixels, best score first. Takes [1, 4 + classes, n] with centre and size, and the
 * end-to-end form [1, n, 6] with corners, score and class, on which the original runs the same suppression. Formula
 * source: imgutils 0.19 `generic.yolo`. Boxes are exact.
 * @throws RangeError for any other shape
 */
export function decodeYolo({ data, dims }: FloatTensor, options: YoloOptions): YoloDetection[] {
  const minScore = Math.fround(options.minScore);
  const found = readRows(data, dims, options.labels.length).filter(({ score }) => score > minScore);
  const scale = (value: number, from: number, to: number): number => {
    const scaled = Math.fround(Math.fround(value / from) * to);
    return roundHalfEven(Math.min(Math.max(scaled, 0), to));
  };
  const { picture, input } = options;
  return suppressOverlaps(found, options.maxOverlap ?? YOLO_MAX_OVERLAP).map((index) => {
    const { left, top, right, bottom, score, label } = found[index]!;
    return {
      left: scale(left, input.width, picture.width),
      top: scale(top, input.height, picture.height),
      right: scale(right, input.width, picture.width),
      bottom: scale(bottom, input.height, picture.height),
      score,
      label: options.labels[label] ?? `class ${label}`,
    };
  });
}

interface Row extends ScoredBox {
  readonly label: number;
}

function readRows(data: Float32Array, dims: readonly number[], classes: number): Row[] {
  const [batch, second, third] = dims;
  if (dims.length !== 3 || batch !== 1 || second === undefined || third === undefined || data.length !== second * third)
    throw new RangeError(`a detector's output is [1, a, b], not [${dims.join(', ')}]`);
  if (second === 4 + classes) return readCentres(data, third, classes);
  if (third === 6) return readCorners(data, second);
  throw new RangeError(`[${dims.join(', ')}] fits neither ${classes} classes nor the end-to-end form`);
}

/** Column per detection: cx, cy, w, h, then one score per class. */
function readCentres(data: Float32Array, count: number, classes: number): Row[] {
  const f = Math.fround;
  return Array.from({ length: count }, (_, column) => {
    const value = (row: number): number => data[row * count + column]!;
    let label = 0;
    for (let other = 1; other < classes; other += 1) if (value(4 + other) > value(4 + label)) label = other;
    const halfWidth = f(value(2) / 2);
    const halfHeight = f(value(3) / 2);
    return {
      left: f(value(0) - halfWidth),
      top: f(value(1) - halfHeight),
      right: f(value(0) + halfWidth),
      bottom: f(value(1) + halfHeight),
      score: value(4 + label),
      label,
    };
  });
}

/** Row per detection: left, top, right, bottom, score, class. */
function readCorners(data: Float32Array, count: number): Row[] {
  return Array.from({ length: count }, (_, row) => {
    const value = (column: number): number => data[row * 6 + column]!;
    return {
      left: value(0),
      top: value(1),
      right: value(2),
      bottom: value(3),
      score: value(4),
      label: Math.trunc(value(5)),
    };
  });
}
