import type { FieldError } from '@tower/contracts';
import type { ParameterValue, ParameterValues } from '../composition';
import type { Workflow, WorkflowFile } from '../template/workflow-file';
import { parseFormula } from './formula';
import { scopeOf } from './planned-values';
import {
  sizeOfLongerSide,
  sizeOfOneSide,
  sizeOnSteps,
  sizeWithin,
  stepBelow,
  type SideLimits,
  type Size,
  type SizeLimits,
} from './proportions';

/** What a picture or film that a request names was found to be when all of it was decoded. */
export interface MeasuredInput extends Size {
  /** 1 for a picture. */
  frames: number;
  /** Frames per second; null for a picture. */
  fps: number | null;
  /** From the first frame to the end of the last; null for a picture. */
  durationSeconds: number | null;
  /** What a film has to be heard; null for a silent film and for a picture. */
  sound: { tracks: number; layout: string } | null;
  /** A picture that is transparent somewhere. */
  isTransparent: boolean;
}

/** What a request leaves to the workflow, and what the input then makes of it. */
export interface Asked {
  /** The request's own values; undefined where it says nothing. */
  given: Readonly<Record<string, ParameterValue | undefined>>;
  /** The same with what preset and defaults add. */
  values: ParameterValues;
  /** By the names of the workflow's parameters. */
  inputs: Readonly<Record<string, MeasuredInput>>;
  /** Where the request says something, as a JSON pointer, by the parameter's name. */
  pointerOf: (name: string) => string;
}

type Follows = NonNullable<WorkflowFile['follows']>;

/** Frames per second are kept to a thousandth: containers count no finer. */
const toThousandth = (value: number): number => Math.round(value * 1_000) / 1_000;

/**
 * Share of the pace by which the result may be off before its sound would be heard to be: NTSC rates are rounded by
 * half as much.
 */
const paceTolerance = 0.002;

/**
 * Values that follow from the input where the request says nothing else, by the workflow's rule (`follows`): size or
 * proportions, and of a film its frames, pace and sound. What cannot be had is added to `errors`, with what can.
 */
export function followInput(workflow: Workflow, asked: Asked, errors: FieldError[]): ParameterValues {
  const { follows } = workflow.file;
  const input = follows && asked.inputs[follows.input];
  if (follows === undefined || input === undefined) return {};
  const sized = sizeFollowing(workflow, asked, input, errors);
  if (input.fps === null) return sized;
  const paced = paceFollowing(workflow, asked, input, errors);
  return {
    ...sized,
    ...paced,
    ...soundFollowing(workflow, { ...asked, values: { ...asked.values, ...paced } }, input),
  };
}

function sizeFollowing(workflow: Workflow, asked: Asked, input: MeasuredInput, errors: FieldError[]): ParameterValues {
  const { given, pointerOf } = asked;
  const { follows } = workflow.file;
  const limits = sizeLimitsOf(workflow.file);
  const [width, height] = [given['width'], given['height']];
  if (follows === undefined || limits === undefined || (width !== undefined && height !== undefined)) return {};
  const open = width === undefined && height === undefined;
  const size = open
    ? ruledSize(follows.size, asked, input, limits)
    : sizeOfOneSide(input, width === undefined ? { height: Number(height) } : { width: Number(width) }, limits);
  if (size) return { ...size };
  const is = `is ${input.width} × ${input.height}`;
  const span = ({ min, max }: SideLimits): string => `${min} to ${max}`;
  const sides = `this workflow makes ${span(limits.width)} by ${span(limits.height)} pixels`;
  const [stated, other] = width === undefined ? ['height', 'width'] : ['width', 'height'];
  errors.push(
    open
      ? {
          pointer: pointerOf(follows.input),
          message: `${is}, and ${sides}: give width and height, and what does not fit them is cut off`,
        }
      : {
          pointer: pointerOf(stated as string),
          message: `leaves no ${other} for ${follows.input}, which ${is}; ${sides}: give ${other} as well`,
        },
  );
  return {};
}

/** The size that the rule gives where the request states no side. */
function ruledSize(
  rule: Follows['size'],
  { values }: Asked,
  input: MeasuredInput,
  limits: SizeLimits,
): Size | undefined {
  const [width, height] = [Number(values['width']), Number(values['height'])];
  switch (rule) {
    case 'same':
      return sizeOnSteps(input, limits);
    case 'area':
      return sizeWithin(input, width * height, limits);
    case 'longer_side':
      return sizeOfLongerSide(input, Math.max(width, height), limits);
  }
}

/** Limits of the workflow's two sides; undefined where it has no such parameters. */
function sizeLimitsOf({ parameters }: WorkflowFile): SizeLimits | undefined {
  const { width, height } = parameters;
  return width?.type === 'integer' && height?.type === 'integer' ? { width, height } : undefined;
}

/** All frames of the film at its own pace, as far as the request leaves that open. */
function paceFollowing(workflow: Workflow, asked: Asked, film: MeasuredInput, errors: FieldError[]): ParameterValues {
  return { ...framesFollowing(workflow.file, asked, film, errors), ...fpsFollowing(workflow, asked, film, errors) };
}

function framesFollowing(
  { follows, parameters }: WorkflowFile,
  { given, pointerOf }: Asked,
  film: MeasuredInput,
  errors: FieldError[],
): ParameterValues {
  const { frame_count: frames } = parameters;
  if (frames?.type !== 'integer' || follows === undefined) return {};
  const asked = given['frame_count'];
  if (asked === undefined && film.frames <= frames.max) return { frame_count: stepBelow(frames, film.frames) };
  if (asked === undefined)
    errors.push({
      pointer: pointerOf(follows.input),
      message: `has ${film.frames} frames, and ${frames.max} at most are read: give frame_count to take the first`,
    });
  else if (Number(asked) > film.frames)
    errors.push({
      pointer: pointerOf('frame_count'),
      message: `must be at most ${stepBelow(frames, film.frames)}: ${follows.input} has ${film.frames} frames`,
    });
  return {};
}

function fpsFollowing(
  workflow: Workflow,
  { given, values, pointerOf }: Asked,
  film: MeasuredInput,
  errors: FieldError[],
): ParameterValues {
  const { follows, parameters } = workflow.file;
  const { fps } = parameters;
  if (fps?.type !== 'number' || follows === undefined || film.fps === null || given['fps'] !== undefined) return {};
  const times = timesOf(workflow, values);
  const own = toThousandth(film.fps * times);
  if (own >= fps.min && own <= fps.max) return { fps: own };
  const why = `would be played at ${own} frames per second (${times} times ${toThousandth(film.fps)})`;
  const message = `${why}, and this workflow makes ${fps.min} to ${fps.max}: give fps`;
  errors.push({ pointer: pointerOf(follows.input), message });
  return {};
}

/** Frames that come out for each one of the film. */
function timesOf(workflow: Workflow, values: ParameterValues): number {
  return parseFormula(workflow.file.follows?.times ?? '1').evaluate(scopeOf(workflow, values));
}

/** Sound is kept as it is or not at all: neither stretched nor moved against its pictures. */
function soundFollowing(workflow: Workflow, { given, values }: Asked, film: MeasuredInput): ParameterValues {
  const name = workflow.file.follows?.sound;
  if (name === undefined || given[name] === false) return {};
  return { [name]: film.sound !== null && whySilent(workflow, values, film) === undefined };
}

/** Why a film's sound cannot be kept with these values, as the end of a sentence; undefined when it can. */
export function whySilent(workflow: Workflow, values: ParameterValues, film: MeasuredInput): string | undefined {
  const { sound, fps } = film;
  if (sound === null || fps === null) return undefined;
  if (workflow.file.follows?.sound === undefined) return 'this workflow carries none';
  // VideoHelperSuite reads one track, and takes any other layout for stereo at 44,100 Hz.
  if (sound.tracks > 1)
    return `it has ${sound.tracks} tracks, and the nodes carry one: keep one (ffmpeg -map 0:v -map 0:a:0 -c copy)`;
  if (sound.layout !== 'mono' && sound.layout !== 'stereo')
    return `its channels are ${sound.layout}, and the nodes carry two at most: mix it (ffmpeg -c:v copy -ac 2)`;
  const own = fps * timesOf(workflow, values);
  if (Math.abs(Number(values['fps']) - own) > own * paceTolerance)
    return `at ${String(values['fps'])} frames per second it would not fit: leave fps out or give ${toThousandth(own)}`;
  return undefined;
}
