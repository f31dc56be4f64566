import type { Rgb } from '../picture';
import { percentile } from '../statistics/percentile';
import { adjacentDifferences } from './difference';

/** Neighbours closer than this many levels of 255 show the same drawing (quality-metrics 2.6, measured at 256 px). */
export const HOLD_MAX_DIFFERENCE = 0.5;

export interface HoldPattern {
  /** Frames per drawing, in order: on twos is 2, 2, 2, ... */
  readonly runLengths: readonly number[];
  /** All frames show one drawing. A static clip scores perfectly in every motion metric and must be caught first. */
  readonly isStatic: boolean;
  readonly adjacent: readonly number[];
  /** 95th percentile of the adjacent differences, 0 for a single frame. Not VBench's dynamic degree. */
  readonly motionAmount: number;
}

/** @throws RangeError for no frames or frames of different sizes */
export function findHolds(frames: readonly Rgb[]): HoldPattern {
  if (frames.length === 0) throw new RangeError('a clip needs at least one frame');
  const adjacent = adjacentDifferences(frames);
  const runLengths = [1];
  for (const difference of adjacent) {
    if (difference < HOLD_MAX_DIFFERENCE) runLengths[runLengths.length - 1]! += 1;
    else runLengths.push(1);
  }
  return {
    runLengths,
    isStatic: runLengths.length === 1,
    adjacent,
    motionAmount: adjacent.length === 0 ? 0 : percentile(adjacent, 95),
  };
}

/** The first frame of each run. */
export function collapseHolds<T>(frames: readonly T[], runLengths: readonly number[]): T[] {
  let start = 0;
  return runLengths.map((length) => {
    const frame = frames[start];
    if (frame === undefined) throw new RangeError('the runs are longer than the clip');
    start += length;
    return frame;
  });
}
