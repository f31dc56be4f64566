import type { JobError } from '../jobs/job.entity';

/** What an attempt's failure means for what comes next. */
export type FailureKind = 'out_of_memory' | 'poisoned' | 'disk_full' | 'missing' | 'network' | 'invalid' | 'interrupted' | 'outputs_missing' | 'black_output' | 'hung' | 'node_failed';

export interface Failure {
  kind: FailureKind;
  error: JobError;
}

const rules: { kind: FailureKind; pattern: RegExp; hint: string }[] = [
  { kind: 'out_of_memory', pattern: /OutOfMemoryError|out of memory|Allocation on device|_STATUS_ALLOC_FAILED|MemoryError/i, hint: 'Ask for a smaller size or let another card take it.' },
  { kind: 'poisoned', pattern: /illegal memory access|device-side assert|unspecified launch failure|HIP error|CUDA error|AcceleratorError/i, hint: 'Restart this ComfyUI; its GPU context is broken.' },
  { kind: 'disk_full', pattern: /No space left|Errno 28/i, hint: 'Free space on the disk of this ComfyUI.' },
  { kind: 'missing', pattern: /FileNotFoundError|not found/i, hint: 'Put the named file into the models folder of this ComfyUI.' },
  { kind: 'network', pattern: /ConnectionError|HfHub|LocalEntryNotFound|HTTPError|ReadTimeout|URLError/i, hint: 'A node tried to download something; install it beforehand.' },
];

/** Sorts an `execution_error` by its exception (comfyui-protocol study, 8.6; out-of-memory has five spellings). */
export function classifyExecutionError(gpu: string, error: { node_type?: string | undefined; exception_type: string; exception_message: string }): Failure {
  const text = `${error.exception_type}\n${error.exception_message}`;
  const rule = rules.find((candidate) => candidate.pattern.test(text));
  const kind = rule?.kind ?? 'node_failed';
  const firstLine = error.exception_message.split('\n')[0]?.slice(0, 300) ?? '';
  return {
    kind,
    error: {
      code: `comfyui_${kind}`,
      message: `${error.node_type ?? 'a node'} failed on ${gpu}: ${error.exception_type}${firstLine === '' ? '' : `: ${firstLine}`}`,
      hint: rule?.hint ?? 'The log of this ComfyUI has the whole traceback.',
    },
  };
}

/** Whether the same task may be tried again after this failure, and if so whether only elsewhere. */
export const afterFailure: Record<FailureKind, 'other_gpu' | 'again' | 'give_up'> = {
  out_of_memory: 'other_gpu',
  poisoned: 'other_gpu',
  disk_full: 'other_gpu',
  missing: 'other_gpu',
  network: 'other_gpu',
  // Refused by validation: every server of the same kind would refuse it.
  invalid: 'other_gpu',
  // Somebody stopped it by hand; once more is polite, more often is not (see the limit on losses).
  interrupted: 'again',
  outputs_missing: 'again',
  black_output: 'other_gpu',
  hung: 'other_gpu',
  node_failed: 'other_gpu',
};
