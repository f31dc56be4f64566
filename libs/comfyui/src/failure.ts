import { modelKey, type JobError } from '@tower/contracts';
import { modelFolderOf, nodeClassOf } from './nodes/node-catalogue';
import { guessModelFolder } from './nodes/unknown-nodes';

/** What an attempt's failure means for what comes next; what recovery does is decided by it. */
export const failureKinds = [
  'out_of_memory',
  'poisoned',
  'disk_full',
  'missing_model',
  'missing_node',
  'network',
  'invalid',
  'no_face',
  'interrupted',
  'interrupt_collateral',
  'blocked',
  'outputs_missing',
  'stale_output',
  'black_output',
  'not_taken',
  'hung',
  'zombie',
  'poison_job',
  'node_failed',
] as const;
export type FailureKind = (typeof failureKinds)[number];

/** The file that a server lacks, as far as its words say. */
export interface MissingModel {
  /** Below the server's models folder; null when the server does not say. */
  folder: string | null;
  name: string | null;
}

export interface Failure {
  kind: FailureKind;
  error: JobError;
  /** Only with `missing_model`. */
  model?: MissingModel;
  /**
   * Only with `missing_model`: the server does not list the file at this moment. Otherwise it may list what it cannot
   * read.
   */
  unlisted?: boolean;
  /** Only with `hung`: an interrupt by id changed nothing. */
  disobeyed?: boolean;
  /**
   * Only with `hung`: nothing could be heard of it, so that it may only have been slow. Nobody restarts a card for
   * that.
   */
  unheard?: boolean;
}

const outOfMemory = new RegExp(
  [
    'OutOfMemoryError',
    'out of memory',
    'Allocation on device',
    '_STATUS_ALLOC_FAILED',
    'alloc_cpu',
    'MemoryError',
    'Cannot allocate memory',
    String.raw`Errno 12\b`,
  ].join('|'),
  'i',
);

const rules: { kind: FailureKind; pattern: RegExp; hint: string }[] = [
  { kind: 'out_of_memory', pattern: outOfMemory, hint: 'Ask for a smaller size or let another card take it.' },
  {
    kind: 'poisoned',
    pattern: new RegExp(
      [
        'illegal memory access',
        'device-side assert',
        'unspecified launch failure',
        'hipErrorLaunchFailure',
        'HIP error',
        'CUDA error',
        'AcceleratorError',
      ].join('|'),
      'i',
    ),
    hint: 'Restart this ComfyUI; its GPU context is broken.',
  },
  { kind: 'disk_full', pattern: /No space left|Errno 28\b|ENOSPC/i, hint: 'Free space on the disk of this ComfyUI.' },
  {
    kind: 'no_face',
    pattern: /No face detected/i,
    hint: 'Give a reference picture that shows a face from the front, or render without FaceID.',
  },
  // Before "not found": a program that is not there is no model.
  {
    kind: 'missing_node',
    pattern: /ffmpeg is required|Cannot execute because (a )?node .* does not exist|missing_node_type/i,
    hint: 'Install what is named on this ComfyUI, and restart it.',
  },
  {
    kind: 'network',
    pattern: new RegExp(
      [
        'ConnectionError',
        'HfHub',
        'HFValidation',
        'LocalEntryNotFound',
        'OfflineModeIsEnabled',
        'HTTPError',
        'ReadTimeout',
        'ConnectTimeout',
        'URLError',
        'Max retries exceeded',
        'Name or service not known',
      ].join('|'),
      'i',
    ),
    hint: 'A node tried to download something; install it beforehand.',
  },
  {
    kind: 'missing_model',
    pattern: /FileNotFoundError|model not found|SafetensorError|HeaderTooLarge|InvalidHeader|MetadataIncompleteBuffer/i,
    hint: 'Put the named file, whole, into the models folder of this ComfyUI.',
  },
];

/**
 * Sorts an `execution_error` by its exception (comfyui-protocol study, 3.5 and 8.6; out-of-memory has many spellings).
 */
export function classifyExecutionError(
  gpu: string,
  error: { node_type?: string | undefined; exception_type: string; exception_message: string },
): Failure {
  const text = `${error.exception_type}\n${error.exception_message}`;
  const rule = rules.find((candidate) => candidate.pattern.test(text));
  const kind = rule?.kind ?? 'node_failed';
  const firstLine = error.exception_message.split('\n')[0]?.slice(0, 300) ?? '';
  return {
    kind,
    error: {
      code: `comfyui_${kind}`,
      message:
        `${error.node_type ?? 'a node'} failed on ${gpu}: ` +
        `${error.exception_type}${firstLine === '' ? '' : `: ${firstLine}`}`,
      hint: rule?.hint ?? 'The log of this ComfyUI has the whole traceback.',
    },
    ...(kind === 'missing_model'
      ? { model: modelInWords(text), ...(goneFile.test(text) ? { unlisted: true } : {}) }
      : {}),
  };
}

/** ComfyUI's own words for a file that it listed when it took the prompt and did not find when it came to load it. */
const goneFile = /Model in folder '([^']+)' with filename '([^']+)'/;

/**
 * Folder and file of `Model in folder 'x' with filename 'y' not found.`; of the IPAdapter pack's sentences only the
 * folder is known.
 */
function modelInWords(text: string): MissingModel {
  const named = goneFile.exec(text);
  if (named) return { folder: named[1] ?? null, name: modelKey(named[2] ?? '') };
  for (const [pattern, folder] of [
    [/IPAdapter model not found/i, 'ipadapter'],
    [/ClipVision model not found/i, 'clip_vision'],
    [/LoRA model not found/i, 'loras'],
  ] as const)
    if (pattern.test(text)) return { folder, name: null };
  const path = /models[\\/]+([\w-]+)[\\/]+([\w .\\/-]+\.(?:safetensors|gguf|ckpt|pth|pt|bin|onnx))/i.exec(text);
  return { folder: path?.[1] ?? null, name: path?.[2] ?? null };
}

/** What one node of a refused graph complains about. */
export interface NodeFault {
  node: string;
  classType: string;
  type: string;
  message: string;
  details: string;
  input: string | null;
  value: string | null;
}

/**
 * The model that a refusal is about: a value that is not in the list of an input which names model files. Undefined
 * when it is about something else.
 */
export function modelOfRefusal(faults: readonly NodeFault[]): MissingModel | undefined {
  const fault = faults.find(
    (candidate) =>
      candidate.type === 'value_not_in_list' &&
      candidate.input !== null &&
      folderOf(candidate.classType, candidate.input) !== undefined &&
      looksLikeFile(candidate.value),
  );
  return fault === undefined || fault.input === null
    ? undefined
    : {
        folder: folderOf(fault.classType, fault.input) ?? null,
        name: fault.value === null ? null : modelKey(fault.value),
      };
}

const folderOf = (classType: string, input: string): string | undefined =>
  modelFolderOf(classType, input) ?? nodeClassOf(classType).fetchesInto ?? guessModelFolder(input);
const looksLikeFile = (value: string | null): boolean =>
  value !== null && /\.(safetensors|sft|gguf|ckpt|pth|pt|bin|onnx)$/i.test(value);

/**
 * Kinds that say something about the card and not about the request; three of them in a row take it out of service for
 * a while.
 */
export const infrastructureKinds: ReadonlySet<FailureKind> = new Set([
  'poisoned',
  'disk_full',
  'hung',
  'zombie',
  'outputs_missing',
  'stale_output',
  'network',
]);
