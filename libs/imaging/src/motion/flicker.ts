import type { Rgb } from '../picture';
import { computed, notApplicable, type Score } from '../score';
import { mean } from '../statistics/percentile';
import { adjacentDifferences } from './difference';

/**
 * (255 - mean adjacent difference) / 255, 0..1, 1 without any change. Means flicker only when the camera is still.
 * Formula source: VBench 45e79ec1 `temporal_flickering`, whose 32-bit mean is up to 2e-7 away from this exact one.
 */
export function temporalFlickering(frames: readonly Rgb[]): Score {
  return frames.length < 2 ? notApplicable('single_frame') : computed((255 - mean(adjacentDifferences(frames))) / 255);
}
