import type { FieldError } from '@tower/contracts';
import type { ParameterValue, ParameterValues } from './composition';
import { parseFormula } from './formula';
import { scopeOf } from './planned-values';
import { sizeOfLongerSide, sizeOfOneSide, sizeOnSteps, sizeWithin, stepBelow, type Size, type SizeLimits } from './proportions';
import type { Workflow, WorkflowFile } from './workflow-file';

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

/** Share of the pace by which the result may be off before its sound would be heard to be: NTSC rates are rounded by half as much. */
const paceTolerance = 0.002;

/**
 * Values that follow from the input where the request says nothing else, by the workflow's rule (`follows`): size or proportions, and of a
 * film its frames, its pace and its sound. What cannot be had is added to `errors`, with what can.
 */
export function followInput(workflow: Workflow, asked: Asked, errors: FieldError[]): ParameterValues {
  const { follows } = workflow.file;
  const input = follows && asked.inputs[follows.input];
  if (follows === undefined || input === undefined) return {};
  const sized = sizeFollowing(workflow, asked, input, errors);
  if (input.fps === null) return sized;
  const paced = paceFollowing(workflow, asked, input, errors);
  return { ...sized, ...paced, ...soundFollowing(workflow, { ...asked, values: { ...asked.values, ...paced } }, input) };
}

function sizeFollowing({ file }: Workflow, { given, values, pointerOf }: Asked, input: MeasuredInput, errors: FieldError[]): ParameterValues {
  const follows = file.follows as Follows;
  const limits = sizeLimitsOf(file);
  const [width, height] = [given['width'], given['height']];
  if (limits === undefined || (width !== undefined && height !== undefined)) return {};
  const is = `is ${input.width} × ${input.height}`;
  const sides = `${limits.width.min} to ${limits.width.max} by ${limits.height.min} to ${limits.height.max} pixels`;
  if (width !== undefined || height !== undefined) {
    const stated = width === undefined ? { height: Number(height) } : { width: Number(width) };
    const size = sizeOfOneSide(input, stated, limits);
    if (size) return { ...size };
    const other = width === undefined ? 'width' : 'height';
    errors.push({ pointer: pointerOf(width === undefined ? 'height' : 'width'), message: `leaves no ${other} in the proportions of ${follows.input}, which ${is}; this workflow makes ${sides}: give ${other} as well` });
    return {};
  }
  const preset: Size = { width: Number(values['width']), height: Number(values['height']) };
  const size = {
    same: () => sizeOnSteps(input, limits),
    area: () => sizeWithin(input, preset.width * preset.height, limits),
    longer_side: () => sizeOfLongerSide(input, Math.max(preset.width, preset.height), limits),
  }[follows.size]();
  if (size) return { ...size };
  errors.push({ pointer: pointerOf(follows.input), message: `${is}, and this workflow makes ${sides}: give width and height; what does not fit their proportions is cut off at the sides` });
  return {};
}

/** Limits of the workflow's two sides; undefined where it has no such parameters. */
export function sizeLimitsOf({ parameters }: WorkflowFile): SizeLimits | undefined {
  const { width, height } = parameters;
  return width?.type === 'integer' && height?.type === 'integer' ? { width, height } : undefined;
}

/** All frames of the film at its own pace, as far as the request leaves that open. */
function paceFollowing(workflow: Workflow, { given, values, pointerOf }: Asked, film: MeasuredInput, errors: FieldError[]): ParameterValues {
  const { file } = workflow;
  const follows = file.follows as Follows;
  const { frame_count: frames, fps } = file.parameters;
  const paced: ParameterValues = {};
  if (frames?.type === 'integer') {
    const asked = given['frame_count'];
    if (asked === undefined && film.frames <= frames.max) paced['frame_count'] = stepBelow(frames, film.frames);
    else if (asked === undefined)
      errors.push({ pointer: pointerOf(follows.input), message: `has ${film.frames} frames, and this workflow reads ${frames.max} at most: give frame_count to take the first ones, or cut the film` });
    else if (Number(asked) > film.frames)
      errors.push({ pointer: pointerOf('frame_count'), message: `must be at most ${stepBelow(frames, film.frames)}: ${follows.input} has ${film.frames} frames` });
  }
  if (fps?.type === 'number' && given['fps'] === undefined) {
    const times = timesOf(workflow, values);
    const own = toThousandth((film.fps ?? 0) * times);
    if (own >= fps.min && own <= fps.max) paced['fps'] = own;
    else errors.push({ pointer: pointerOf(follows.input), message: `would be played at ${own} frames per second (${times} times ${toThousandth(film.fps ?? 0)}), and this workflow makes ${fps.min} to ${fps.max}: give fps` });
  }
  return paced;
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
  if (sound.tracks > 1) return `it has ${sound.tracks} tracks, and the nodes carry one: keep one of them (ffmpeg -map 0:v -map 0:a:0 -c copy)`;
  if (sound.layout !== 'mono' && sound.layout !== 'stereo') return `its channels are ${sound.layout}, and the nodes carry mono and stereo: mix it down (ffmpeg -c:v copy -ac 2)`;
  const own = fps * timesOf(workflow, values);
  if (Math.abs(Number(values['fps']) - own) > own * paceTolerance)
    return `at ${Number(values['fps'])} frames per second it would not fit the pictures: leave fps out, or give ${toThousandth(own)}`;
  return undefined;
}

