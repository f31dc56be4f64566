import { HOLD_MAX_DIFFERENCE } from '../motion/holds';
import { meanAbsoluteDifference, meanSecondDifference } from '../motion/difference';
import type { PerceptualDistance } from '../perception/lpips';
import type { Rgb } from '../picture';
import { measured, notApplicable, notComputed, type Outcome } from '../score';
import { percentile } from '../statistics/percentile';

/**
 * Starting values found with pixel differences on synthetic loops; they do not carry over to LPIPS (quality-metrics
 * 2.11).
 */
export const LOOP_MIN_FRAMES = 8;
export const LOOP_MAX_R1 = 1.25;
export const LOOP_WARN_R1 = 1;
export const LOOP_WARN_R2 = 1.5;
export const LOOP_MAX_COLOUR_DRIFT_RATIO = 2;
export const LOOP_MAX_LPIPS_SEAM = 0.15;
/** A seam below this share of a usual step repeats the first frame at the end. */
export const LOOP_DUPLICATE_RATIO = 0.1;

/** By what the distance of two frames was measured; both are wanted, and the pixel one decides. */
export type LoopMeasure = { readonly kind: 'mae' } | { readonly kind: 'lpips'; readonly distance: PerceptualDistance };

export interface LoopSeam {
  readonly adjacent: readonly number[];
  /** Distance from the last frame to the first. */
  readonly seam: number;
  readonly p95: number;
  /** Over steps that are no holds; 0 when there is none. */
  readonly medianNonZero: number;
  /** seam / p95: is the seam an ordinary step? null when nearly every step is 0. */
  readonly r1: number | null;
  readonly accelerationInteriorP95: number;
  readonly accelerationSeam: number;
  /**
   * Largest second difference across the seam over the interior's 95th percentile: does the motion turn back? null as
   * r1.
   */
  readonly r2: number | null;
  /** Distance of the mean colours of last and first frame, levels of 255. */
  readonly colourDriftEnds: number;
  readonly colourDriftAdjacentP95: number;
  readonly verdict: LoopVerdict;
}

export interface LoopVerdict {
  readonly r1Pass: boolean;
  readonly r1Warn: boolean;
  /** Only for LPIPS: the seam is below 0.15. */
  readonly seamBelowLimit: boolean | undefined;
  readonly r2Warn: boolean;
  readonly colourDriftPass: boolean;
  readonly duplicateEndWarning: boolean;
}

/**
 * Whether a clip closes to a loop.
 * @param runLengths from `findHolds` on the same frames
 * @returns too_few_frames below 8; static for one drawing; inference_failed when a distance is not finite
 * @throws RangeError for frames of different sizes
 */
export async function loopSeam(
  frames: readonly Rgb[],
  runLengths: readonly number[],
  measure: LoopMeasure,
): Promise<Outcome<LoopSeam>> {
  if (frames.length < LOOP_MIN_FRAMES) return notComputed('too_few_frames');
  if (runLengths.length === 1) return notApplicable('static');
  const first = frames[0]!;
  const last = frames[frames.length - 1]!;
  const distance: PerceptualDistance =
    measure.kind === 'mae' ? (left, right) => Promise.resolve(meanAbsoluteDifference(left, right)) : measure.distance;
  const adjacent: number[] = [];
  for (let index = 1; index < frames.length; index += 1)
    adjacent.push(await distance(frames[index - 1]!, frames[index]!));
  const seam = await distance(last, first);
  if (![...adjacent, seam].every(Number.isFinite)) return notComputed('inference_failed');

  const colours = frames.map(meanColour);
  const accelerations = frames
    .slice(2)
    .map((frame, index) => meanSecondDifference(frames[index]!, frames[index + 1]!, frame));
  const accelerationSeam = Math.max(
    meanSecondDifference(frames[frames.length - 2]!, last, first),
    meanSecondDifference(last, first, frames[1]!),
  );
  const moving = adjacent.filter((value) => value > (measure.kind === 'mae' ? HOLD_MAX_DIFFERENCE / 2 : 1e-4));
  const p95 = percentile(adjacent, 95);
  const accelerationInteriorP95 = percentile(accelerations, 95);
  const numbers = {
    adjacent,
    seam,
    p95,
    medianNonZero: moving.length === 0 ? 0 : percentile(moving, 50),
    r1: ratio(seam, p95),
    accelerationInteriorP95,
    accelerationSeam,
    r2: ratio(accelerationSeam, accelerationInteriorP95),
    colourDriftEnds: colourDistance(colours[colours.length - 1]!, colours[0]!),
    colourDriftAdjacentP95: percentile(
      colours.slice(1).map((colour, index) => colourDistance(colours[index]!, colour)),
      95,
    ),
  };
  return measured({ ...numbers, verdict: judge(numbers, measure.kind, runLengths) });
}

const ratio = (seam: number, interior: number): number | null => (interior > 0 ? seam / interior : null);

function judge(
  numbers: Omit<LoopSeam, 'verdict'>,
  kind: LoopMeasure['kind'],
  runLengths: readonly number[],
): LoopVerdict {
  const { r1, r2, seam, medianNonZero, colourDriftEnds, colourDriftAdjacentP95 } = numbers;
  // Where nothing moves, only an unmoved seam is an ordinary step.
  const r1Pass = r1 === null ? seam === 0 : r1 <= LOOP_MAX_R1;
  return {
    r1Pass,
    r1Warn: r1Pass && r1 !== null && r1 > LOOP_WARN_R1,
    seamBelowLimit: kind === 'lpips' ? seam < LOOP_MAX_LPIPS_SEAM : undefined,
    r2Warn: r2 !== null && r2 > LOOP_WARN_R2,
    // With no drift from frame to frame the ends must be equal, which the same inequality says.
    colourDriftPass: colourDriftEnds <= LOOP_MAX_COLOUR_DRIFT_RATIO * colourDriftAdjacentP95,
    // On held frames a repeated end is ordinary.
    duplicateEndWarning: runLengths.every((length) => length === 1) && seam < LOOP_DUPLICATE_RATIO * medianNonZero,
  };
}

type Colour = readonly [number, number, number];

function meanColour({ data, width, height }: Rgb): Colour {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let at = 0; at < data.length; at += 3) {
    red += data[at]!;
    green += data[at + 1]!;
    blue += data[at + 2]!;
  }
  const count = width * height;
  return [red / count, green / count, blue / count];
}

const colourDistance = (left: Colour, right: Colour): number =>
  Math.hypot(left[0] - right[0], left[1] - right[1], left[2] - right[2]);
