import { modelKey, type FieldError } from '@tower/contracts';
import { AppError, summaryOf } from '@tower/kit';
import type { ParameterValue, ParameterValues } from '../composition';
import {
  aFamily,
  familyOf,
  familyTitle,
  hintedFamily,
  statedFamily,
  type StatedFamilies,
} from '../models/model-family';
import { filesIn, settledIn, type KnownFiles } from '../models/model-files';
import { baseName, meansFile, refusedName } from '../models/model-names';
import type { Workflow, WorkflowParameter } from '../template/workflow-file';
import type { ModelFamily } from '../template/workflow-parameter';
import { nearestSteps } from './proportions';

export type { ParameterValue, ParameterValues } from '../composition';
export { graphSha256 } from '../graph/graph-identity';

/** What servers announced; undefined while no card was ever seen. */
export interface KnownChoices extends KnownFiles {
  samplers?: readonly string[] | undefined;
  schedulers?: readonly string[] | undefined;
  /** What was stated of checkpoints. */
  families?: StatedFamilies | undefined;
}

/**
 * The value of every parameter: the request's, else the preset's, else the default; names of files as Tower keeps them
 * (`model-names.ts`). Throws `parameters_invalid` with one entry per wrong parameter, naming what is allowed.
 */
export function resolveParameters(
  workflow: Workflow,
  preset: string,
  given: Record<string, ParameterValue | undefined>,
  known: KnownChoices,
): ParameterValues {
  const fromPreset = workflow.file.presets[preset as keyof typeof workflow.file.presets] ?? {};
  const errors: FieldError[] = [];
  const values: ParameterValues = {};
  for (const [name, parameter] of Object.entries(workflow.file.parameters)) {
    const value = given[name] ?? fromPreset[name] ?? defaultOf(parameter, known);
    const problem = value === undefined ? absent(parameter) : wrongWith(parameter, value, known);
    if (problem !== undefined) errors.push({ pointer: `/${name}`, message: problem });
    else if (value !== undefined)
      values[name] = parameter.type === 'model' ? keptName(parameter, String(value), known) : value;
  }
  for (const name of Object.keys(given))
    if (given[name] !== undefined && workflow.file.parameters[name] === undefined)
      errors.push({ pointer: `/${name}`, message: `workflow ${workflow.file.name} has no such parameter` });
  if (errors.length === 0) return values;
  const model = errors.find((error) => error.pointer === '/model_name');
  throw new AppError(
    'invalid',
    model && errors.length === 1 ? 'model_unknown' : 'parameters_invalid',
    summaryOf(errors.map((error) => `${error.pointer.slice(1)} ${error.message}`)),
    { fields: errors },
  );
}

/** The value that a parameter has when neither request nor preset gives one; undefined when there is none. */
export function defaultOf(parameter: WorkflowParameter, known: KnownChoices): ParameterValue | undefined {
  switch (parameter.type) {
    case 'image':
    case 'film':
      return parameter.optional ? '' : undefined;
    case 'model':
      return defaultModel(parameter, known);
    default:
      return parameter.default;
  }
}

type ModelParameter = Extract<WorkflowParameter, { type: 'model' }>;

function defaultModel(parameter: ModelParameter, known: KnownChoices): string | undefined {
  const { prefer, family, pattern, source, folder } = parameter;
  const isOfFamily = (name: string): boolean => family === undefined || familyOf(name, known.families) === family;
  const fits = (name: string): boolean =>
    isOfFamily(name) && (pattern === undefined || new RegExp(pattern, 'i').test(baseName(name)));
  for (const name of prefer) {
    const settled = settledIn(known, folder, name);
    if (settled === 'unknown') return name;
    if (settled !== undefined && 'key' in settled) return settled.key;
  }
  const other = source === undefined || pattern !== undefined ? filesIn(known, folder)?.find(fits) : undefined;
  return other === undefined ? (source === undefined ? undefined : prefer[0]) : modelKey(other);
}

/** One name for all spellings, so that what is learnt of a model is learnt once. */
function keptName({ folder }: ModelParameter, name: string, known: KnownChoices): string {
  const settled = settledIn(known, folder, name);
  return typeof settled === 'object' && 'key' in settled ? settled.key : modelKey(name);
}

function absent(parameter: WorkflowParameter): string {
  if (parameter.type !== 'model') return 'is needed';
  return (
    `is needed, and no card has ` +
    `${parameter.family ? `${aFamily[parameter.family]} checkpoint` : 'a file'} in models/${parameter.folder} to choose`
  );
}

/** What is wrong with a value, in words that name the limits; undefined when nothing is. */
function wrongWith(parameter: WorkflowParameter, value: ParameterValue, known: KnownChoices): string | undefined {
  switch (parameter.type) {
    case 'text':
      if (typeof value !== 'string') return 'must be text';
      return value.length > parameter.max_length
        ? `must have at most ${parameter.max_length} characters, together with what characters add`
        : undefined;
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'must be a whole number';
      if (value < parameter.min || value > parameter.max)
        return `must be between ${parameter.min} and ${parameter.max}`;
      return offStep(parameter, value);
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      return value < parameter.min || value > parameter.max
        ? `must be between ${parameter.min} and ${parameter.max}`
        : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'model':
      return wrongModel(parameter, value, known);
    case 'choice':
      if (typeof parameter.of === 'string') return notAmong(value, known[parameter.of], parameter.of);
      return typeof value === 'string' && parameter.of.includes(value)
        ? undefined
        : `must be one of ${parameter.of.join(', ')}`;
    case 'image':
    case 'film':
      if (typeof value !== 'string') return 'must be the name of a picture of the job';
      return value === '' && !parameter.optional ? 'is needed' : undefined;
  }
}

function offStep(limits: Extract<WorkflowParameter, { type: 'integer' }>, value: number): string | undefined {
  const { multiple_of: step, remainder } = limits;
  if (value % step === remainder) return undefined;
  const near = nearestSteps(limits, value);
  return (
    `must be ${remainder === 0 ? '' : `${remainder} more than `}a ` +
    `multiple of ${step}, such as ${near.join(' or ')}`
  );
}

function wrongModel(parameter: ModelParameter, value: ParameterValue, known: KnownChoices): string | undefined {
  if (typeof value !== 'string' || value === '') return 'must be a name';
  const { folder, family, prefer, source } = parameter;
  // The workflow says where to get it; a card without it says so, and recovery may fetch it.
  const obtainable = source !== undefined && prefer.some((name) => meansFile(name, value));
  const unknown = obtainable ? undefined : unknownFile(folder, value, known);
  return unknown ?? (family === undefined ? undefined : otherFamily(keptName(parameter, value, known), family, known));
}

/**
 * Why the name is no file that the cards have, or not one file; undefined where it is one, or no card has said what it
 * has.
 */
export function unknownFile(folder: string, name: string, known: KnownFiles): string | undefined {
  const settled = settledIn(known, folder, name);
  return settled === 'unknown'
    ? undefined
    : refusedName(name, `models/${folder}`, filesIn(known, folder) ?? [], settled);
}

/** A name that says nothing is no reason to refuse: whoever names model and workflow says what it is. */
function otherFamily(name: string, family: ModelFamily, { families }: KnownChoices): string | undefined {
  const stated = statedFamily(name, families);
  const other = stated ?? hintedFamily(name) ?? family;
  if (other === family) return undefined;
  const made = `this workflow is made for ${familyTitle[family]}`;
  if (stated !== undefined)
    return `${name} is ${aFamily[other]} checkpoint, as its file, config/models.yaml or the request says; ${made}`;
  return (
    `${name} is by its name ${aFamily[other]} checkpoint; ${made}. If the name misleads, say so: ` +
    `"model_family": "${family}" in the request, or families in config/models.yaml`
  );
}

const shownChoices = 20;

function notAmong(value: ParameterValue, choices: readonly string[] | undefined, what: string): string | undefined {
  if (typeof value !== 'string' || value === '') return 'must be a name';
  if (choices === undefined || choices.includes(value)) return undefined;
  if (choices.length === 0) return `${value} is not on any card; no card has a file in ${what}`;
  const shown = choices.slice(0, shownChoices).join(', ');
  return (
    `${value} is not on any card; ${what} has ` +
    `${shown}${choices.length > shownChoices ? ` and ${choices.length - shownChoices} more` : ''}`
  );
}

/** Node classes of the template as it stands. */
export const classesOf = (workflow: Workflow): string[] => [
  ...new Set(Object.values(workflow.graph).map((node) => node.class_type)),
];
