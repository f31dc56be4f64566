import { fine } from './colour';
import { recipeRandom, type DrawingRecipe, type Motion } from './recipe';

/** How far everything has moved from where a still shows it. */
export interface Pose {
  /** Degrees by which hair leans at its tips, and long tails, which follow late. */
  readonly sway: number;
  readonly trail: number;
  /** Degrees the head turns. */
  readonly nod: number;
  /** Head units the chest rises. */
  readonly breath: number;
  /** 0 open, 1 closed. */
  readonly blink: number;
  /** Degrees of a waving arm. */
  readonly wave: number;
  /** Shares of the picture's width and height: the figure, and the scenery behind it. */
  readonly walk: number;
  readonly pan: number;
  readonly rise: number;
  readonly zoom: number;
  /** Heights of the picture that petals and flakes have fallen. */
  readonly fall: number;
}

const turn = 2 * Math.PI;
/** Frames of one swing in an open film: two seconds of a Wan clip. */
const swingFrames = 32;
const blinkEveryFrames = 50;
/** How much slower than on average a loop runs where it closes. */
const seamCalm = 0.2;

/** Undefined for a still. Smooth in the frame index; a closed film's pose comes round after `count` frames. */
export function poseOf(recipe: DrawingRecipe): Pose | undefined {
  const { motion } = recipe;
  if (motion === undefined) return undefined;
  const random = recipeRandom(recipe, 'motion');
  const dice: Dice = {
    side: random() < 0.5 ? -1 : 1,
    strength: 0.85 + random() * 0.3,
    moment: random(),
    phase: random() * turn,
  };
  return motion.closed ? loopPose(motion, dice) : openPose(motion, dice);
}

interface Dice {
  readonly side: -1 | 1;
  readonly strength: number;
  /** 0 to 1: when the eyes close. */
  readonly moment: number;
  readonly phase: number;
}

/** Some parts are fastest where others turn back, so that no two frames are alike. */
function loopPose({ index, count }: Motion, { side, strength, moment }: Dice): Pose {
  const share = index / count;
  const angle = turn * share - seamCalm * Math.sin(turn * share);
  const much = side * strength;
  return {
    sway: 9 * much * Math.cos(angle),
    trail: 12 * much * Math.cos(angle - 0.8),
    nod: 3.2 * much * Math.sin(angle),
    breath: 1.6 * strength * Math.sin(angle),
    blink: bump(share - (0.4 + 0.2 * moment), 0.11),
    wave: 13 * Math.sin(2 * angle),
    walk: 0.022 * much * Math.sin(angle),
    pan: -0.02 * much * Math.sin(angle),
    rise: 0.012 * Math.cos(angle),
    zoom: 1,
    fall: share,
  };
}

/** The camera travels on, so that the end is never the beginning again. */
function openPose({ index, count }: Motion, { side, strength, moment, phase }: Dice): Pose {
  const angle = (turn * index) / swingFrames + phase;
  const much = side * strength;
  const travelled = count > 1 ? index / (count - 1) : 0;
  const way = Math.min(0.13, 0.004 * (count - 1));
  const sinceBlink = (index / blinkEveryFrames + moment) % 1;
  return {
    sway: 9 * much * Math.sin(angle),
    trail: 12 * much * Math.sin(angle - 0.8),
    nod: 3.2 * much * Math.sin(0.77 * angle),
    breath: 1.6 * strength * Math.cos(angle),
    blink: bump(sinceBlink - 0.5, 0.07),
    wave: 13 * Math.sin(1.6 * angle),
    walk: side * way * 0.5 * (travelled - 0.5),
    pan: -side * way * (travelled - 0.5),
    rise: 0.01 * Math.cos(0.6 * angle),
    zoom: 1 + 0.5 * way * travelled,
    fall: index / (1.3 * swingFrames),
  };
}

/** A smooth hill of height 1 around 0. */
const bump = (distance: number, halfWidth: number): number =>
  Math.abs(distance) >= halfWidth ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * distance) / halfWidth);

/** The part of a transform by which breathing lifts a thing; "" for a still. */
export const lift = (pose: Pose | undefined, share: number): string =>
  pose === undefined ? '' : `translate(0 ${fine(-pose.breath * share)}) `;

/** Leans what hangs from the line `top`, in head units. */
export function leaning(drawn: string, degrees: number | undefined, top = 0): string {
  if (degrees === undefined || drawn === '') return drawn;
  return `<g transform="translate(0 ${top}) skewX(${fine(-degrees)}) translate(0 ${-top})">${drawn}</g>`;
}
