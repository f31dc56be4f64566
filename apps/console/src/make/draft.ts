import type { FieldError, JobView, Preset, Priority, WorkflowParameterView, WorkflowView } from '@tower/contracts';
import type { components } from '../api/schema';

/** The body of a request, as the interface takes it. */
export type RequestBody = components['schemas']['GenerateRequest'];

/** A form as it stands: what nobody filled in is empty, and left to preset and workflow. */
export interface Draft {
  readonly projectId: string;
  readonly characterIds: readonly string[];
  readonly preset: Preset;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly count: string;
  readonly seed: string;
  readonly priority: Priority;
  /** Minutes within which it should be ready. */
  readonly budget: string;
  /** Further parameters by their names. */
  readonly values: Readonly<Record<string, string>>;
  readonly loras: readonly LoraDraft[];
  /** Pictures that guide how it looks. */
  readonly references: readonly ReferenceDraft[];
}

export interface LoraDraft {
  readonly name: string;
  readonly strength: string;
}

export interface ReferenceDraft {
  /** Id of a file, or its path below the library. */
  readonly image: string;
  readonly weight: string;
}

export const emptyDraft: Draft = {
  projectId: '',
  characterIds: [],
  preset: 'standard',
  prompt: '',
  negativePrompt: '',
  count: '1',
  seed: '',
  priority: 'normal',
  budget: '',
  values: {},
  loras: [],
  references: [],
};

/** Parameters that have a place of their own in the form. */
const ownPlaces = ['prompt', 'negative_prompt', 'seed'];

/** Parameters that are fields of the request; all others stand under `parameters`. */
const fields = [
  'model_name',
  'width',
  'height',
  'steps',
  'cfg_scale',
  'sampler_name',
  'scheduler',
  'frame_count',
  'fps',
  'start_image',
  'end_image',
] as const;

/** Parameters that the form shows one by one, in the workflow's order. */
export const shownParameters = ({ parameters }: Pick<WorkflowView, 'parameters'>): WorkflowParameterView[] =>
  parameters.filter(({ name }) => !ownPlaces.includes(name));

export const hasParameter = ({ parameters }: Pick<WorkflowView, 'parameters'>, name: string): boolean =>
  parameters.some((parameter) => parameter.name === name);

/** What a parameter has when nobody fills it in; null where something must be given. */
export const valueOfPreset = (workflow: WorkflowView, preset: Preset, parameter: WorkflowParameterView) =>
  workflow.presets[preset]?.[parameter.name] ?? parameter.default;

/** Presets that the workflow has, from the quickest to the best. */
export const presetsOf = ({ presets }: WorkflowView): Preset[] =>
  (['draft', 'low', 'standard', 'high', 'final'] as const).filter((preset) => presets[preset] !== undefined);

type Value = string | number | boolean;

function typed(parameter: WorkflowParameterView, text: string): Value {
  switch (parameter.type) {
    case 'integer':
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'text':
    case 'choice':
    case 'model':
    case 'image':
    case 'film':
      return text;
  }
}

/** Numbers that somebody typed; undefined where the field is empty. */
const numberIn = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));

const weightOf = (text: string): { weight?: number } => {
  const weight = numberIn(text);
  return weight === undefined ? {} : { weight };
};

/** The request that the form says. What it leaves out is chosen by Tower. */
export function requestOf(draft: Draft, workflow: WorkflowView): RequestBody {
  const given = shownParameters(workflow).flatMap((parameter) => {
    const text = draft.values[parameter.name]?.trim() ?? '';
    return text === '' ? [] : [[parameter.name, typed(parameter, text)] as const];
  });
  const isField = (name: string): boolean => (fields as readonly string[]).includes(name);
  const seed = numberIn(draft.seed);
  const minutes = numberIn(draft.budget);
  const loras = draft.loras.filter(({ name }) => name.trim() !== '');
  const references = draft.references.filter(({ image }) => image.trim() !== '');
  const others = given.filter(([name]) => !isField(name));
  return {
    project_id: draft.projectId,
    job_type: workflow.job_type,
    workflow: workflow.name,
    preset: draft.preset,
    priority: draft.priority,
    count: numberIn(draft.count) ?? 1,
    ...(draft.characterIds.length === 0 ? {} : { character_ids: [...draft.characterIds] }),
    ...(hasParameter(workflow, 'prompt') ? { prompt: draft.prompt } : {}),
    ...(hasParameter(workflow, 'negative_prompt') && draft.negativePrompt !== ''
      ? { negative_prompt: draft.negativePrompt }
      : {}),
    ...(seed === undefined || !hasParameter(workflow, 'seed') ? {} : { seed }),
    ...(minutes === undefined ? {} : { time_budget_seconds: minutes * 60 }),
    ...Object.fromEntries(given.filter(([name]) => isField(name))),
    ...(others.length === 0 ? {} : { parameters: Object.fromEntries(others) }),
    ...(loras.length === 0 || !workflow.takes.loras
      ? {}
      : { lora_models: loras.map(({ name, strength }) => ({ name, strength: numberIn(strength) ?? 1 })) }),
    ...(references.length === 0 || !workflow.takes.references
      ? {}
      : { ipadapter_refs: references.map(({ image, weight }) => ({ image, ...weightOf(weight) })) }),
  };
}

/** What is wrong with a parameter, wherever the interface has it. */
export const errorOf = (errors: readonly FieldError[], name: string): string | undefined =>
  errors.find(({ pointer }) => pointer === `/${name}` || pointer === `/parameters/${name}`)?.message;

/** Errors that no field of the form shows. */
export const errorsElsewhere = (errors: readonly FieldError[], shown: readonly string[]): FieldError[] =>
  errors.filter(
    ({ pointer }) => !shown.some((name) => `${pointer}/`.startsWith(`/${name}/`) || pointer === `/parameters/${name}`),
  );

/** A form that asks for the same as a job, in the words of its workflow; what the preset gives anyway stays empty. */
export function draftOf(job: JobView, workflow: WorkflowView): Draft {
  const differing = shownParameters(workflow).flatMap((parameter): [string, string][] => {
    const value = job.parameters[parameter.name];
    if (value === undefined || value === valueOfPreset(workflow, job.preset, parameter)) return [];
    const picture = typeof value === 'string' ? job.images[value] : undefined;
    return [[parameter.name, picture?.path ?? String(value)]];
  });
  return {
    ...emptyDraft,
    projectId: job.project_id,
    characterIds: job.character_ids,
    preset: job.preset,
    prompt: job.prompt,
    negativePrompt: job.negative_prompt,
    count: String(job.count),
    seed: String(job.seed),
    priority: job.priority,
    values: Object.fromEntries(differing),
    references: job.references.flatMap(({ image, weight }) => {
      const path = job.images[image]?.path;
      return path === undefined ? [] : [{ image: path, weight: String(weight) }];
    }),
    loras: job.loras.map(({ file, strength_model }) => ({ name: file, strength: String(strength_model) })),
  };
}
