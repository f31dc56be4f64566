import type { ParameterValues } from '../composition';
import type { Workflow } from '../template/workflow-file';
import { whySilent, type MeasuredInput } from './follow-input';
import type { PromisedResult } from './planned-values';
import { cutOff, type Size } from './proportions';

/** Shares of a side; less is nothing that anybody misses, and what rounding to a step costs. */
const noticeableCut = 0.05;
/** Seconds; containers of whole milliseconds are off by less. */
const noticeableSeconds = 0.01;

/** A picture or film of a request. */
export interface UsedInput {
  /** What the request calls it. */
  label: string;
  input: MeasuredInput;
  /** It is brought to the size of the result; references are only looked at. */
  fillsResult: boolean;
}

/** What comes out otherwise than the inputs might lead one to expect, in sentences. */
export function inputWarnings(
  workflow: Workflow,
  values: ParameterValues,
  promised: PromisedResult,
  inputs: readonly UsedInput[],
): string[] {
  return inputs.flatMap((used) => [
    ...(used.fillsResult ? aboutCut(used, promised) : []),
    ...(used.input.fps === null ? aboutPicture(workflow, used, promised) : aboutFilm(workflow, used, values, promised)),
  ]);
}

const sizeText = ({ width, height }: Size): string => `${width} × ${height}`;
const secondsText = (seconds: number): string => `${Math.round(seconds * 1_000) / 1_000} s`;

function aboutPicture(
  { file }: Workflow,
  { label: name, input: picture, fillsResult }: UsedInput,
  promised: PromisedResult,
): string[] {
  const warnings: string[] = [];
  if (
    fillsResult &&
    file.follows?.size === 'longer_side' &&
    picture.width * picture.height > promised.width * promised.height
  )
    warnings.push(
      `${name} is ${sizeText(picture)}, larger than the result of ${sizeText(promised)}; give width or another preset`,
    );
  if (picture.isTransparent)
    warnings.push(`${name} is transparent in places; ComfyUI shows the colours that are hidden there: fill it before`);
  return warnings;
}

function aboutCut({ label: name, input }: UsedInput, promised: PromisedResult): string[] {
  const { side, share } = cutOff(input, promised);
  if (share <= noticeableCut) return [];
  const lost = `${Math.round(share * 100)} % of its ${side} is cut off`;
  return [`${name} is ${sizeText(input)}; ${sizeText(promised)} shows its middle, and ${lost}`];
}

function aboutFilm(
  workflow: Workflow,
  { label: name, input: film }: UsedInput,
  values: ParameterValues,
  promised: PromisedResult,
): string[] {
  const warnings: string[] = [];
  const lost = [film.width - promised.width, film.height - promised.height];
  if (lost.includes(1) && lost.every((pixels) => pixels === 0 || pixels === 1))
    warnings.push(`${name} is ${sizeText(film)}; the result is ${sizeText(promised)}, because its sides must be even`);
  const read = values['frame_count'];
  if (typeof read === 'number' && read < film.frames)
    warnings.push(`the first ${read} of the ${film.frames} frames of ${name} are read`);
  const seconds = promised.fps === null ? 0 : promised.frames / promised.fps;
  if (Math.abs(seconds - (film.durationSeconds ?? 0)) > noticeableSeconds)
    warnings.push(`${name} lasts ${secondsText(film.durationSeconds ?? 0)} and the result ${secondsText(seconds)}`);
  const why = film.sound === null || promised.sound ? undefined : whySilent(workflow, values, film);
  if (why !== undefined) warnings.push(`the sound of ${name} is left out: ${why}`);
  return warnings;
}
