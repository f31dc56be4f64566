import type { ParameterValues } from './composition';
import { whySilent, type MeasuredInput } from './follow-input';
import type { PromisedResult } from './planned-values';
import { cutOff, type Size } from './proportions';
import type { Workflow } from './workflow-file';

/** Shares of a side; less is nothing that anybody misses, and what rounding to a step costs. */
const noticeableCut = 0.05;
/** Seconds; containers of whole milliseconds are off by less. */
const noticeableSeconds = 0.01;

/** What comes out otherwise than the inputs might lead one to expect. `inputs` by the name under which the request knows them. */
export function inputWarnings(workflow: Workflow, values: ParameterValues, promised: PromisedResult, inputs: Readonly<Record<string, MeasuredInput>>): string[] {
  return Object.entries(inputs).flatMap(([name, input]) =>
    input.fps === null ? aboutPicture(workflow, name, input, promised) : aboutFilm(workflow, name, input, { values, promised }),
  );
}

const sizeText = ({ width, height }: Size): string => `${width} × ${height}`;
const secondsText = (seconds: number): string => `${Math.round(seconds * 1_000) / 1_000} s`;

function aboutPicture({ file }: Workflow, name: string, picture: MeasuredInput, promised: PromisedResult): string[] {
  const warnings = aboutCut(name, picture, promised);
  if (file.follows?.size === 'longer_side' && picture.width * picture.height > promised.width * promised.height)
    warnings.push(`${name} is ${sizeText(picture)}, larger than the result of ${sizeText(promised)}; give width and height, or another preset`);
  if (picture.isTransparent)
    warnings.push(`${name} is transparent in places; ComfyUI shows the colours that are hidden there: fill the background before, where they matter`);
  return warnings;
}

function aboutCut(name: string, input: MeasuredInput, promised: PromisedResult): string[] {
  const { side, share } = cutOff(input, promised);
  if (share <= noticeableCut) return [];
  return [`${name} is ${sizeText(input)}; ${sizeText(promised)} shows its middle, and ${Math.round(share * 100)} % of its ${side} is cut off`];
}

function aboutFilm(workflow: Workflow, name: string, film: MeasuredInput, { values, promised }: { values: ParameterValues; promised: PromisedResult }): string[] {
  const warnings = aboutCut(name, film, promised);
  const lost = [film.width - promised.width, film.height - promised.height];
  if (lost.includes(1) && lost.every((pixels) => pixels === 0 || pixels === 1))
    warnings.push(`${name} is ${sizeText(film)}; the result is ${sizeText(promised)}, because its sides must be even`);
  const read = values['frame_count'];
  if (typeof read === 'number' && read < film.frames) warnings.push(`the first ${read} of the ${film.frames} frames of ${name} are read`);
  const seconds = promised.fps === null ? 0 : promised.frames / promised.fps;
  if (Math.abs(seconds - (film.durationSeconds ?? 0)) > noticeableSeconds) warnings.push(`${name} lasts ${secondsText(film.durationSeconds ?? 0)} and the result ${secondsText(seconds)}`);
  const why = film.sound === null || promised.sound ? undefined : whySilent(workflow, values, film);
  if (why !== undefined) warnings.push(`the sound of ${name} is left out: ${why}`);
  return warnings;
}
