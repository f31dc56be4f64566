import {
  askedPreset,
  filmJobTypes,
  givenSeed,
  type FieldError,
  type GenerateRequest,
  type Preset,
} from '@tower/contracts';
import { AppError, invalid, summaryOf } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import { noChanges, type InputImages, type ParameterValues, type Parts } from '../workflows/composition';
import { composeForInspection } from '../workflows/graph/compose';
import { embeddingsIn } from '../workflows/models/prompt-embeddings';
import type { Workflow } from '../workflows/template/workflow-file';
import { followInput, type Asked } from '../workflows/values/follow-input';
import { inputWarnings, type UsedInput } from '../workflows/values/input-warnings';
import { promisedResult, type PromisedResult } from '../workflows/values/planned-values';
import {
  resolveParameters,
  unknownFile,
  type KnownChoices,
  type ParameterValue,
} from '../workflows/values/resolve-values';
import type { InputFiles } from './input-files';
import { decidedFamily, statementFault, withStatedFamily } from './model-statement';
import { PromptReader, type AssembledPrompt } from './prompt-reading';
import { parameterPictures, partsOf, withNamedLoras } from './resolve-parts';
import { resolvePictures, type PictureWish } from './resolve-pictures';
import { readableFilm, readablePicture } from '../workflows/readable';

/** What is made, and what comes out of it. */
export interface Variant {
  values: ParameterValues;
  promised: PromisedResult;
}

/** A request as it will be carried out: every value chosen, every picture found. */
export interface ResolvedRequest extends Variant {
  workflow: Workflow;
  parts: Parts;
  images: InputImages;
  /** Parameters whose values the request itself says. */
  fixed: ReadonlySet<string>;
  /**
   * The same request made with another preset, and with `others` for what it does not fix itself. Throws
   * `parameters_invalid` where the workflow cannot make that.
   */
  variant: (preset: Preset, others?: ParameterValues) => Variant;
  /**
   * What was taken as asked and may not be meant, or comes out otherwise than the inputs might lead one to expect; in
   * sentences.
   */
  warnings: string[];
}

/** Fields of the request that are parameters of workflows by their own name; all others stand under `parameters`. */
const ownFields = [
  'prompt',
  'negative_prompt',
  'model_name',
  'width',
  'height',
  'steps',
  'cfg_scale',
  'sampler_name',
  'scheduler',
  'seed',
  'frame_count',
  'fps',
] as const;

/** A request, with what its characters add to the prompt and with the seed that it gets. */
export interface Wish {
  request: GenerateRequest;
  prompt: AssembledPrompt;
  seed: number;
}

/**
 * Brings a request and a workflow together. Throws one error with an entry per field that is wrong: parameters out of
 * range or unknown, files that no card has, pictures that cannot be used, parts that the workflow does not take.
 */
export async function resolveRequest(
  tx: EntityManager,
  files: InputFiles,
  workflow: Workflow,
  { request, prompt, seed }: Wish,
  choices: KnownChoices,
): Promise<ResolvedRequest> {
  // What characters bring is no matter to a workflow that reads no prompt.
  const readsPrompt = workflow.file.parameters['prompt'] !== undefined;
  const errors: FieldError[] = readsPrompt ? [...prompt.errors] : [];
  const known = withStatedFamily(choices, request);
  const pictures = parameterPictures(workflow, request, errors);
  const reader = new PromptReader(request.dynamic_prompts);
  const given = givenParameters(workflow, request, prompt, seed, errors, reader);
  errors.push(...reader.errors);
  const familyFault = statementFault(workflow, request);
  if (familyFault !== undefined) errors.push({ pointer: '/model_family', message: familyFault });
  for (const { name } of pictures) given[name] = name;
  const values = valuesOf(workflow, request, given, known, errors);
  const { family, stored, warnings } = decidedFamily(workflow, String(values['model_name'] ?? ''), request, choices);
  const { parts: wanted, pictures: ofParts } = partsOf(request, family, known, errors);
  const named = takenLoras(workflow, [...(readsPrompt ? prompt.loras : []), ...reader.loras], errors);
  const parts: Parts = { ...wanted, loras: withNamedLoras(wanted.loras, named, known, errors), ...stored };
  refuseUnknownEmbeddings(workflow, request, values, known, errors);
  const { images, facts } = await resolvePictures(tx, files, [...pictures, ...ofParts], errors);
  refuse(errors);

  const pointerOf = pointersOf(request, pictures);
  const variant: ResolvedRequest['variant'] = (preset, others = {}) =>
    variantOf(workflow, preset, { given: { ...others, ...saidIn(given) }, inputs: facts, pointerOf }, known);
  const { values: final, promised } = variant(askedPreset(request));
  composeForInspection(workflow, { values: final, parts, plan: noChanges });
  refuseOtherKind(workflow, request, promised, final);
  refuseUnreadable(promised);
  const ofInputs = inputWarnings(workflow, final, promised, usedInputs([...pictures, ...ofParts], facts));
  const fixed = new Set(Object.keys(saidIn(given)));
  return { workflow, values: final, parts, images, promised, fixed, variant, warnings: [...warnings, ...ofInputs] };
}

/** What is given with a value. */
const saidIn = (given: Asked['given']): ParameterValues =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );

/** What this preset makes of what is given, the input followed. */
function variantOf(workflow: Workflow, preset: Preset, asked: Omit<Asked, 'values'>, known: KnownChoices): Variant {
  const errors: FieldError[] = [];
  const values = resolveParameters(workflow, preset, asked.given, known);
  const followed = { ...values, ...followInput(workflow, { ...asked, values }, errors) };
  refuse(errors);
  const final = resolveParameters(workflow, preset, { ...asked.given, ...followed }, known);
  return { values: final, promised: promisedResult(workflow, final) };
}

const usedInputs = (wishes: readonly PictureWish[], facts: Asked['inputs']): UsedInput[] =>
  wishes.flatMap(({ name, pointer }) => {
    const input = facts[name];
    const label = pointer.slice(1).replaceAll('/', '.');
    return input === undefined ? [] : [{ label, input, fillsResult: !pointer.startsWith('/ipadapter_refs') }];
  });

/** The request's own values for the workflow's parameters; undefined ones come from the preset. */
function givenParameters(
  workflow: Workflow,
  request: GenerateRequest,
  prompt: Pick<AssembledPrompt, 'positive' | 'negative'>,
  seed: number,
  errors: FieldError[],
  reader: PromptReader,
): Record<string, ParameterValue | undefined> {
  const { parameters } = workflow.file;
  const has = (name: string): boolean => parameters[name] !== undefined;
  const given: Record<string, ParameterValue | undefined> = {
    prompt: has('prompt') || request.prompt.trim() !== '' ? prompt.positive : undefined,
    negative_prompt: has('negative_prompt') || request.negative_prompt !== '' ? prompt.negative : undefined,
    model_name: request.model_name,
    width: request.width,
    height: request.height,
    steps: request.steps,
    cfg_scale: request.cfg_scale,
    sampler_name: request.sampler_name,
    scheduler: request.scheduler,
    frame_count: request.frame_count,
    fps: request.fps,
    seed: has('seed') ? seed : givenSeed(request),
  };
  if (has('prompt') && prompt.positive.trim() === '') errors.push({ pointer: '/prompt', message: 'must not be blank' });
  if (!has('seed') && request.count > 1)
    errors.push({
      pointer: '/count',
      message: `workflow ${workflow.file.name} has no seed, so every result would be the same`,
    });
  for (const [name, value] of Object.entries(request.parameters)) {
    const type = parameters[name]?.type;
    if (type === 'image' || type === 'film') continue;
    if (given[name] !== undefined && (ownFields as readonly string[]).includes(name))
      errors.push({ pointer: `/parameters/${name}`, message: `is a field of the request itself: give it as ${name}` });
    else given[name] = type === 'text' && typeof value === 'string' ? reader.read(value, `/parameters/${name}`) : value;
  }
  return given;
}

/** The LoRAs that the texts name, where the workflow takes any; else each is refused where it stands. */
function takenLoras(
  { file }: Workflow,
  named: AssembledPrompt['loras'],
  errors: FieldError[],
): AssembledPrompt['loras'] {
  if (file.parts.loras !== undefined) return named;
  for (const { tag, pointer } of named)
    errors.push({
      pointer,
      message: `has ${tag}, and workflow ${file.name} takes no LoRA: leave it out, or name a workflow that takes them`,
    });
  return [];
}

/** ComfyUI leaves an embedding that it does not have out and says so only in its log. */
function refuseUnknownEmbeddings(
  { file }: Workflow,
  request: GenerateRequest,
  values: ParameterValues,
  known: KnownChoices,
  errors: FieldError[],
): void {
  const pointerOf = pointersOf(request, []);
  for (const [name, { type }] of Object.entries(file.parameters)) {
    const text = values[name];
    if (type !== 'text' || typeof text !== 'string') continue;
    for (const embedding of embeddingsIn(text)) {
      const message = unknownFile('embeddings', embedding, known);
      if (message !== undefined)
        errors.push({ pointer: pointerOf(name), message: `calls for embedding:${embedding}: ${message}` });
    }
  }
}

/** As `resolveParameters`, with its complaints among `errors`, each where the request says it. */
function valuesOf(
  workflow: Workflow,
  request: GenerateRequest,
  given: Record<string, ParameterValue | undefined>,
  known: KnownChoices,
  errors: FieldError[],
): ParameterValues {
  try {
    return resolveParameters(workflow, askedPreset(request), given, known);
  } catch (error) {
    if (!(error instanceof AppError) || !error.options.fields) throw error;
    // A model that no card has is the commonest mistake and has a code of its own.
    if (errors.length === 0 && error.code === 'model_unknown') throw error;
    const pointerOf = pointersOf(request, []);
    for (const { pointer, message } of error.options.fields)
      errors.push({ pointer: pointerOf(pointer.slice(1)), message });
    const { fieldsOmitted } = error.options;
    if (fieldsOmitted !== undefined)
      errors.push({ pointer: '/parameters', message: `has ${fieldsOmitted} more that are wrong` });
    return {};
  }
}

/** Where a request says what a parameter is to be, or would say it. */
const pointersOf =
  (request: GenerateRequest, pictures: readonly PictureWish[]): Asked['pointerOf'] =>
  (name) => {
    const picture = pictures.find((wish) => wish.name === name);
    if (picture) return picture.pointer;
    const isField = (ownFields as readonly string[]).includes(name) || name === 'start_image' || name === 'end_image';
    return isField && !(name in request.parameters) ? `/${name}` : `/parameters/${name}`;
  };

/** A still cannot be asked of a workflow that makes films, nor the other way round. */
function refuseOtherKind(
  workflow: Workflow,
  request: GenerateRequest,
  promised: PromisedResult,
  values: ParameterValues,
): void {
  const wantsFilm = (filmJobTypes as readonly string[]).includes(request.job_type);
  if (wantsFilm !== (promised.fps !== null))
    refuse([
      {
        pointer: '/job_type',
        message:
          `workflow ${workflow.file.name} makes ` +
          `${promised.fps === null ? 'pictures' : 'films'}; its own job type is ${workflow.file.job_type}`,
      },
    ]);
  if (promised.frames < 1 || promised.width < 1 || promised.height < 1)
    throw new Error(`workflow ${workflow.file.name} promises nothing for ${JSON.stringify(values)}`);
}

/** What no card's file would be read to its end is not begun. */
function refuseUnreadable({ width, height, frames, fps }: PromisedResult): void {
  const most = fps === null ? readablePicture.maxPixels : readableFilm.maxPixels;
  if (width * height > most)
    refuse([
      { pointer: '/width', message: `makes a result of ${width} × ${height}; Tower reads ${most} pixels at most` },
    ]);
  if (frames > readableFilm.maxFrames)
    refuse([
      {
        pointer: '/frame_count',
        message: `makes a result of ${frames} frames; Tower reads ${readableFilm.maxFrames} at most`,
      },
    ]);
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0)
    throw invalid(
      'parameters_invalid',
      summaryOf(errors.map(({ pointer, message }) => `${pointer.slice(1).replaceAll('/', '.')} ${message}`)),
      [...errors],
    );
}
