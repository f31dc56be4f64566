import { existsSync, readFileSync } from 'node:fs';
import { routes, type JobType, type Preset, type Priority } from '@tower/contracts';
import { invalid } from '@tower/kit';
import { z } from 'zod';
import type { ApiClient } from '../api-client';
import { sendFile } from './upload';

/** What `tower generate` is told of what is wanted; each stands for a field of `POST /generate`. */
export interface RequestOptions {
  project?: string;
  character: string[];
  type: JobType;
  negative?: string;
  dynamicPrompts: boolean;
  workflow?: string;
  preset?: Preset;
  width?: number;
  height?: number;
  steps?: number;
  cfg?: number;
  sampler?: string;
  scheduler?: string;
  seed?: number;
  count: number;
  frames?: number;
  fps?: number;
  model?: string;
  family?: string;
  lora: string[];
  reference: string[];
  referenceWeight?: number;
  references: boolean;
  controlnet: string[];
  pose?: string;
  startImage?: string;
  endImage?: string;
  set: string[];
  priority: Priority;
  budget?: number;
  deadline?: string;
  strict: boolean;
  degrade: boolean;
  qualityCheck: boolean;
  maxRegenerations?: number;
  body?: string;
}

/** As the user says it; the service says what is wrong with it. */
export type RequestBody = Record<string, unknown>;

/** The route, with a body that was not looked at here. */
export const generateAnything = { ...routes.generate, body: z.record(z.string(), z.unknown()) };

/**
 * The body for one prompt. Pictures that are files of this machine are sent first; a project may be named by its name.
 * @throws AppError `project_unknown`, `option_invalid`; what the upload throws
 */
export async function requestBody(
  api: ApiClient,
  prompt: string | undefined,
  options: RequestOptions,
): Promise<RequestBody> {
  if (options.body !== undefined) return { ...readBody(options.body), ...given({ prompt }) };
  if (options.project === undefined) return shortBody(prompt, options);
  const pictures = await picturesOf(api, options);
  return {
    project_id: await projectId(api, options.project),
    job_type: options.type,
    count: options.count,
    priority: options.priority,
    ...given({ prompt, ...plainFields(options), ...pictures }),
    ...some({ character_ids: options.character, lora_models: options.lora.map(loraOf) }),
    ...(options.set.length === 0 ? {} : { parameters: Object.fromEntries(options.set.map(parameterOf)) }),
    ...flags(options),
  };
}

const plainFields = (options: RequestOptions): RequestBody => ({
  negative_prompt: options.negative,
  workflow: options.workflow,
  preset: options.preset,
  width: options.width,
  height: options.height,
  steps: options.steps,
  cfg_scale: options.cfg,
  sampler_name: options.sampler,
  scheduler: options.scheduler,
  seed: options.seed,
  frame_count: options.frames,
  fps: options.fps,
  model_name: options.model,
  model_family: options.family,
  ipadapter_weight: options.referenceWeight,
  time_budget_seconds: options.budget,
  deadline_at: options.deadline,
  max_regenerations: options.maxRegenerations,
});

/** Only what is not as it is anyway. */
const flags = (options: RequestOptions): RequestBody => ({
  ...(options.dynamicPrompts ? {} : { dynamic_prompts: false }),
  ...(options.references ? {} : { use_ipadapter: false }),
  ...(options.strict ? { strict_deadline: true } : {}),
  ...(options.degrade ? { allow_degrade: true } : {}),
  ...(options.qualityCheck ? {} : { auto_quality_check: false }),
});

async function picturesOf(api: ApiClient, options: RequestOptions): Promise<RequestBody> {
  const sent = new Map<string, Promise<string>>();
  const refOf = (ref: string): Promise<string> => {
    const known = sent.get(ref) ?? (existsSync(ref) ? sendFile(api, ref).then(({ id }) => id) : Promise.resolve(ref));
    sent.set(ref, known);
    return known;
  };
  const one = async (ref: string | undefined) => (ref === undefined ? undefined : refOf(ref));
  const references = await Promise.all(
    options.reference.map(async (text) => {
      const [ref, weight] = withNumber(text);
      return weight === undefined ? refOf(ref) : { image: await refOf(ref), weight };
    }),
  );
  const controlnets = await Promise.all(
    options.controlnet.map(async (text) => {
      const [name, rest] = pairOf(text, 'controlnet');
      const [ref, strength] = withNumber(rest);
      return { name, image: await refOf(ref), ...given({ strength }) };
    }),
  );
  return {
    start_image: await one(options.startImage),
    end_image: await one(options.endImage),
    pose_reference: await one(options.pose),
    ...some({ ipadapter_refs: references, controlnet_models: controlnets }),
  };
}

/** Without a project only a still picture by prompt and preset can be asked for: the short form knows no more. */
function shortBody(prompt: string | undefined, options: RequestOptions): RequestBody {
  if (prompt === undefined)
    throw invalid('request_of_nothing', 'give a prompt, or a whole request with --body FILE (- reads standard input)');
  const { project: _, preset, body: __, ...others } = options;
  const isPlain = Object.entries(others).every(([name, value]) => isUnsaid(name, value));
  if (!isPlain)
    throw invalid(
      'project_needed',
      'name a project with --project ID or NAME: without one only a single still picture by --preset can be asked for',
    );
  return { type: 'image', prompt, ...given({ quality: preset }) };
}

const unsaid: Readonly<Record<string, unknown>> = {
  type: 'still_image',
  count: 1,
  priority: 'normal',
  dynamicPrompts: true,
  references: true,
  qualityCheck: true,
  strict: false,
  degrade: false,
};

/** Options that are there for the command itself, and not for the request, are none of these. */
const isUnsaid = (name: string, value: unknown): boolean =>
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (Object.hasOwn(unsaid, name) ? unsaid[name] === value : commandOptions.has(name));

const commandOptions: ReadonlySet<string> = new Set(['watch', 'json', 'open']);

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function projectId(api: ApiClient, named: string): Promise<string> {
  if (uuidForm.test(named)) return named;
  for (let cursor: string | undefined; ;) {
    const page = await api.call(routes.listProjects, {
      query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
    });
    const found = page.items.find(({ name, slug }) => name === named || slug === named);
    if (found !== undefined) return found.id;
    cursor = page.next_cursor;
    if (cursor === undefined)
      throw invalid('project_unknown', `there is no project called ${named}; GET /projects lists those that there are`);
  }
}

/** `style.safetensors` or `style.safetensors:0.8`. */
function loraOf(text: string): string | { name: string; strength: number } {
  const [name, strength] = withNumber(text);
  return strength === undefined ? name : { name, strength };
}

/** `name=value`; numbers and true or false are what they look like. */
function parameterOf(text: string): [string, string | number | boolean] {
  const [name, value] = pairOf(text, 'set');
  if (value === 'true' || value === 'false') return [name, value === 'true'];
  return [name, value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
}

function pairOf(text: string, option: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw invalid('option_invalid', `--${option} wants NAME=VALUE, and this is ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A number behind the last colon belongs to what stands before it. */
function withNumber(text: string): [string, number | undefined] {
  const found = /^(.+):(-?\d+(?:\.\d+)?)$/.exec(text);
  return found?.[1] === undefined ? [text, undefined] : [found[1], Number(found[2])];
}

function readBody(path: string): RequestBody {
  const text = readFileSync(path === '-' ? 0 : path, 'utf8');
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw invalid('body_not_json', `${path} holds no object of JSON: ${(cause as Error).message}`);
  }
}

/** Without what is undefined. */
const given = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Lists that hold something. */
const some = (lists: Record<string, readonly unknown[]>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
