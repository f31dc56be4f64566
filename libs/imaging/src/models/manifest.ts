import { isAbsolute, normalize, sep } from 'node:path';
import { normalisations } from '../model-input/planes';
import { contractPreprocessing, modelContracts, type ModelContractName } from './contracts';

/** One file the operator may place; the repository holds none and fetches none unasked. */
export interface ModelEntry {
  readonly id: string;
  readonly contract: ModelContractName;
  /** Relative to the models folder. */
  readonly file: string;
  readonly url: string;
  readonly licence: string;
  /** Off unless the operator says otherwise. */
  readonly nonCommercial: boolean;
  /** Left out where no source states it; the digest decides anyway. */
  readonly bytes?: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly input?: ManifestInput;
  readonly outputs?: readonly ManifestTensor[];
  /** What the runtime does not show: class names in the order of the outputs. */
  readonly labels?: readonly string[];
  /** A detector's own best limit, from its card, 0..1. */
  readonly minScore?: number;
  /** Side of a square input whose size the file leaves open, in pixels. */
  readonly inputSide?: number;
  /** `baked` for ArcFace exports that subtract and multiply in their first nodes. */
  readonly normalisation?: 'plain' | 'baked';
  /** Interpolators: both sides padded to a multiple of this. */
  readonly padMultiple?: number;
  /** Taggers: the list of tags, relative to the models folder. */
  readonly tagsFile?: string;
}

/** null for an axis that the file leaves open. */
export interface ManifestTensor {
  readonly name: string;
  readonly shape: readonly (number | null)[];
}

/** What goes in, in the order it happens: resized, `value / divisor`, minus mean, by std, laid out. */
export interface ManifestInput extends ManifestTensor {
  readonly layout: 'NCHW' | 'NHWC';
  readonly colours: 'RGB' | 'BGR';
  readonly resize: string;
  readonly divisor: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The manifest is written by people; the message names the entry and the field. */
export class ModelManifestError extends Error {
  override readonly name = 'ModelManifestError';
}

/**
 * Checks a parsed manifest `{ models: [...] }`.
 * @throws ModelManifestError for the first thing that is wrong, unknown fields included
 */
export function parseModelManifest(value: unknown): ModelEntry[] {
  if (!isObject(value) || !Array.isArray(value['models']))
    throw new ModelManifestError('a model manifest is { models: [...] }');
  const entries = value['models'].map((entry: unknown, index) => parseEntry(entry, index));
  const ids = new Set<string>();
  for (const { id } of entries) {
    if (ids.has(id)) throw new ModelManifestError(`model ${id} is listed twice`);
    ids.add(id);
  }
  return entries;
}

type Check = readonly [ok: (value: unknown) => boolean, needs: string];

const text: Check = [(value) => typeof value === 'string' && value.trim() !== '', 'a text'];
const positive: Check = [(value) => Number.isSafeInteger(value) && (value as number) > 0, 'a positive whole number'];
const inside: Check = [isInsideFolder, 'a path inside the models folder'];

const required: Readonly<Record<string, Check>> = {
  id: [
    (value) => typeof value === 'string' && /^[a-z0-9][a-z0-9._-]*$/.test(value),
    'lower-case letters, digits, dots and dashes',
  ],
  contract: [
    (value) => typeof value === 'string' && Object.hasOwn(modelContracts, value),
    `one of ${Object.keys(modelContracts).join(', ')}`,
  ],
  file: inside,
  url: [(value) => typeof value === 'string' && /^https:\/\/\S+$/.test(value), 'an https address'],
  licence: text,
  nonCommercial: [(value) => typeof value === 'boolean', 'true or false'],
  sha256: [(value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), '64 lower-case hex digits'],
};

const optional: Readonly<Record<string, Check>> = {
  bytes: positive,
  input: [isInput, '{ name, shape, layout, colours, resize, divisor, mean, std }'],
  outputs: [(value) => Array.isArray(value) && value.every(isTensor), 'a list of { name, shape }'],
  labels: [(value) => Array.isArray(value) && value.length > 0 && value.every(text[0]), 'a list of texts'],
  minScore: [(value) => typeof value === 'number' && value > 0 && value < 1, 'a number between 0 and 1'],
  inputSide: positive,
  normalisation: [(value) => value === 'plain' || value === 'baked', 'plain or baked'],
  padMultiple: positive,
  tagsFile: inside,
};

/** Without these the contract cannot be run, and guessing gives numbers that look right. */
const needs: Readonly<Partial<Record<ModelContractName, readonly string[]>>> = {
  arcface: ['normalisation'],
  yolo: ['labels', 'minScore'],
  classifier: ['labels'],
  wd_tagger: ['tagsFile'],
  interpolator: ['padMultiple'],
};

function parseEntry(entry: unknown, index: number): ModelEntry {
  if (!isObject(entry)) throw new ModelManifestError(`entry ${index + 1} is not an object`);
  const name = typeof entry['id'] === 'string' ? entry['id'] : `number ${index + 1}`;
  const check = (field: string, [ok, wanted]: Check): void => {
    if (!ok(entry[field])) throw new ModelManifestError(`model ${name}: ${field} must be ${wanted}`);
  };
  for (const [field, rule] of Object.entries(required)) check(field, rule);
  for (const field of Object.keys(entry)) {
    const rule = optional[field];
    if (rule !== undefined) check(field, rule);
    else if (!Object.hasOwn(required, field))
      throw new ModelManifestError(`model ${name}: ${field} is not a known field`);
  }
  const model = entry as unknown as ModelEntry;
  for (const field of needs[model.contract] ?? [])
    if (entry[field] === undefined) throw new ModelManifestError(`model ${name}: a ${model.contract} needs ${field}`);
  const difference = model.input && preprocessingDifference(model, model.input);
  if (difference !== undefined) throw new ModelManifestError(`model ${name}: ${difference}`);
  return model;
}

/** The manifest documents the arithmetic, the code does it; a page that says otherwise would be believed. */
function preprocessingDifference(
  model: ModelEntry,
  { layout, colours, divisor, mean, std }: ManifestInput,
): string | undefined {
  const done = model.normalisation === 'baked' ? normalisations.raw : contractPreprocessing[model.contract];
  if (done === undefined) return undefined;
  const expected = model.contract === 'wd_tagger' ? ['NHWC', 'BGR'] : ['NCHW', 'RGB'];
  const stated = JSON.stringify([layout, colours, divisor, mean, std]);
  const actual = JSON.stringify([...expected, done.divisor, done.mean, done.std]);
  return stated === actual ? undefined : `input says ${stated}, a ${model.contract} is computed with ${actual}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isTensor(value: unknown): boolean {
  if (!isObject(value) || !text[0](value['name'])) return false;
  const { shape } = value;
  return Array.isArray(shape) && shape.every((side) => side === null || positive[0](side));
}

const isTriple = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every(Number.isFinite);

function isInput(value: unknown): boolean {
  if (!isObject(value) || !isTensor(value)) return false;
  const { layout, colours, resize, divisor, mean, std } = value;
  return (
    (layout === 'NCHW' || layout === 'NHWC') &&
    (colours === 'RGB' || colours === 'BGR') &&
    text[0](resize) &&
    positive[0](divisor) &&
    isTriple(mean) &&
    isTriple(std)
  );
}

function isInsideFolder(value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || isAbsolute(value) || value.includes('\0') || value.includes('\\'))
    return false;
  const path = normalize(value);
  return path !== '.' && path !== '..' && !path.startsWith(`..${sep}`);
}
