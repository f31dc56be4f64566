import { preset as presets, type GivenUp, type Preset } from '@tower/contracts';
import { AppError } from '@tower/kit';
import type { ParameterValue, ParameterValues } from '../workflows/composition';
import type { WorkflowFile } from '../workflows/template/workflow-file';
import { plannedValues } from '../workflows/values/planned-values';
import type { ResolvedRequest, Variant } from './resolve-request';

/** One way in which a request could be made: a preset, and what is otherwise than the preset has it. */
export interface Rung extends Variant {
  preset: Preset;
  others: ParameterValues;
}

type Made = Pick<ResolvedRequest, 'workflow' | 'fixed' | 'variant'>;

/** Parameters that make more of what was drawn, and that can do without. */
const extras = ['interpolation', 'upscale'] as const;
/** How often a quarter of each side is taken off below the lowest preset. */
const timesSmaller = 2;

/**
 * How the request could be made, from the best to the quickest. From one preset to the next lower one concessions are
 * made one after the other, in the order in which they are missed least: what is made of the drawn frames
 * (interpolation, upscaling), steps, frames, and at last the size. What the request fixes itself stays as it is. With
 * `allowDegrade` it goes on below the lowest preset: without interpolation and upscaling, then with smaller sides.
 */
export function ladderOf(made: Made, ceiling: Preset, allowDegrade: boolean): Rung[] {
  const whole = [ceiling, ...lowerPresets(made, ceiling)].flatMap((name) => rungOf(made, name) ?? []);
  const ladder = whole.flatMap((rung, index) => [rung, ...between(made, rung, whole[index + 1])]);
  const last = whole.at(-1);
  return distinct(allowDegrade && last !== undefined ? [...ladder, ...below(made, last)] : ladder);
}

/** The presets that the workflow has, from the quickest to the best. */
export const presetsOf = ({ workflow }: Pick<Made, 'workflow'>): Preset[] =>
  presets.options.filter((name) => workflow.file.presets[name] !== undefined);

/** Those below this one, from the best to the quickest. */
export const lowerPresets = (made: Pick<Made, 'workflow'>, preset: Preset): Preset[] =>
  presetsOf(made)
    .filter((name) => presets.options.indexOf(name) < presets.options.indexOf(preset))
    .reverse();

/** A preset, or that with other values; undefined where the workflow cannot make that. */
export function rungOf({ variant }: Made, preset: Preset, others: ParameterValues = {}): Rung | undefined {
  try {
    return { preset, others, ...variant(preset, others) };
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid') return undefined;
    throw error;
  }
}

/** One concession after the other towards the next lower preset; the last of them is that preset itself. */
function between(made: Made, from: Rung, to: Rung | undefined): Rung[] {
  if (to === undefined) return [];
  const { presets: known } = made.workflow.file;
  const differing = Object.keys({ ...known[from.preset], ...known[to.preset] }).filter(
    (name) => !made.fixed.has(name) && from.values[name] !== to.values[name],
  );
  const groups = [isExtra, (name: string) => name === 'steps', (name: string) => name === 'frame_count'];
  const rungs: Rung[] = [];
  let others: ParameterValues = {};
  for (const isOf of groups) {
    const conceded = differing.filter(isOf).flatMap((name) => {
      const value = to.values[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    if (conceded.length === 0) continue;
    others = { ...others, ...Object.fromEntries(conceded) };
    const rung = rungOf(made, from.preset, others);
    // Where nothing is left to differ, it has a name.
    if (rung !== undefined && !isSame(rung, to)) rungs.push(rung);
  }
  return rungs;
}

const isExtra = (name: string): boolean => !['width', 'height', 'steps', 'frame_count'].includes(name);

/** What is less than the lowest preset. */
function below(made: Made, lowest: Rung): Rung[] {
  const plain = Object.fromEntries(
    extras.flatMap((name) => {
      const parameter = made.workflow.file.parameters[name];
      const isNumber = parameter?.type === 'integer' || parameter?.type === 'number';
      return isNumber && !made.fixed.has(name) && Number(lowest.values[name]) > parameter.min
        ? [[name, parameter.min] as const]
        : [];
    }),
  );
  const rungs = Object.keys(plain).length === 0 ? [] : [rungOf(made, lowest.preset, plain)];
  for (let times = 1; times <= timesSmaller; times++) {
    const sides = smallerSides(made, lowest.values, times);
    if (sides !== undefined) rungs.push(rungOf(made, lowest.preset, { ...plain, ...sides }));
  }
  return rungs.flatMap((rung) => rung ?? []);
}

/** By the rule that recovery has for want of memory; not where that would touch what the request fixes. */
function smallerSides({ workflow, fixed }: Made, values: ParameterValues, times: number): ParameterValues | undefined {
  const scaled = plannedValues(workflow, values, { steps: Array.from({ length: times }, () => 'smaller_size') });
  const changed = Object.entries(scaled).filter(([name, value]) => name in values && values[name] !== value);
  return changed.length === 0 || changed.some(([name]) => fixed.has(name)) ? undefined : Object.fromEntries(changed);
}

const isSame = (a: Variant, b: Variant): boolean => keyOf(a) === keyOf(b);
const keyOf = ({ values }: Variant): string =>
  JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Each once, where it stands highest. */
function distinct(rungs: readonly Rung[]): Rung[] {
  const seen = new Set<string>();
  return rungs.filter((rung) => {
    const key = keyOf(rung);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** What `chosen` has less than what was asked for. */
export function givenUpFor({ workflow }: Pick<Made, 'workflow'>, asked: Rung, chosen: Rung): GivenUp[] {
  const given: GivenUp[] = [];
  if (chosen.preset !== asked.preset)
    given.push(entry('preset', asked.preset, chosen.preset, `the ${chosen.preset} preset instead of ${asked.preset}`));
  const [was, is] = [sizeIn(asked.values), sizeIn(chosen.values)];
  if (was !== undefined && is !== undefined && was !== is)
    given.push(entry('size', was, is, `${is} pixels instead of ${was}`));
  for (const [name, parameter] of Object.entries(workflow.file.parameters)) {
    const [before, after] = [asked.values[name], chosen.values[name]];
    if (name === 'width' || name === 'height' || before === undefined || after === undefined || before === after)
      continue;
    given.push(entry(name, before, after, inWords(name, parameter, before, after)));
  }
  return given;
}

const entry = (field: string, asked: ParameterValue, given: ParameterValue, sentence: string): GivenUp => ({
  field,
  asked,
  given,
  sentence,
});

const sizeIn = ({ width, height }: ParameterValues): string | undefined =>
  width === undefined || height === undefined ? undefined : `${String(width)} × ${String(height)}`;

const nouns: Readonly<Record<string, string>> = { steps: 'steps', frame_count: 'frames', fps: 'frames per second' };

function inWords(
  name: string,
  { about }: WorkflowFile['parameters'][string],
  before: ParameterValue,
  after: ParameterValue,
): string {
  const noun = nouns[name];
  if (noun !== undefined) return `${String(after)} ${noun} instead of ${String(before)}`;
  const meaning = about === undefined ? '' : ` (${about})`;
  return `${name.replaceAll('_', ' ')} ${String(after)} instead of ${String(before)}${meaning}`;
}
