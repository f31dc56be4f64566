import {
  executionError,
  fileRef,
  classifyExecutionError,
  type FileRef,
  type HistoryEntry,
  type Failure,
  type PromptGraph,
} from '@tower/comfyui';
import { endingOf, renderSeconds, wasCached } from './reconcile';

type PromptOutcome =
  | {
      ended: 'rendered';
      files: FileRef[];
      /** The server's own measurement. */ seconds: number | undefined;
      cached: boolean;
    }
  | { ended: 'failed'; failure: Failure };

/** What of a finished prompt its history cannot tell. */
export interface Circumstances {
  gpu: string;
  graph: PromptGraph;
  /** The workflow's output nodes; those that the graph has must all have files. */
  outputs: readonly { node: string; prefix_input: string }[];
  /** We asked it to stop, because it showed no sign of life. */
  stoppedByUs: boolean;
  /** Nothing could be heard of it meanwhile. */
  unheard: boolean;
  /** We interrupted another prompt on the same card shortly before. */
  stoppedAnother: boolean;
}

/** How a finished prompt ended: files of the workflow's own output nodes, or what went wrong. */
export function promptEnding(history: HistoryEntry, circumstances: Circumstances): PromptOutcome {
  const { gpu, graph } = circumstances;
  const ending = endingOf(history);
  switch (ending.how) {
    case 'success':
      return success(history, circumstances);
    case 'error':
      return { ended: 'failed', failure: classifyExecutionError(gpu, executionError.parse(ending.error)) };
    case 'interrupted':
      return { ended: 'failed', failure: interrupted(circumstances) };
    case 'unknown':
      return {
        ended: 'failed',
        failure: {
          kind: 'outputs_missing',
          error: {
            code: 'comfyui_ended_unclear',
            message: `${gpu} does not say how the prompt of ${Object.keys(graph).length} nodes ended`,
            hint: 'The log of this ComfyUI may say more.',
          },
        },
      };
  }
}

function success(history: HistoryEntry, { gpu, graph, outputs }: Circumstances): PromptOutcome {
  const wanted = outputs.filter(({ node }) => graph[node] !== undefined);
  const files = wanted.map((output) => ({ output, files: filesOf(history, output.node) }));
  const without = files.filter((entry) => entry.files.length === 0).map(({ output }) => output.node);
  if (without.length > 0) {
    const error = {
      code: 'comfyui_blocked',
      message: `${gpu} reports success, but node ${without.join(' and ')} made no file`,
      hint: 'A node before it blocked the output; the log of this ComfyUI may say why.',
    };
    return { ended: 'failed', failure: { kind: 'blocked', error } };
  }
  const stale = files.flatMap((entry) =>
    entry.files.filter((file) => !bearsPrefix(file, graph[entry.output.node]?.inputs[entry.output.prefix_input])),
  );
  if (stale[0]) {
    const error = {
      code: 'comfyui_stale_output',
      message: `${gpu} answered with ${stale[0].filename}, a file of an earlier prompt`,
      hint: 'Its cache answered; Tower asks again under another name.',
    };
    return { ended: 'failed', failure: { kind: 'stale_output', error } };
  }
  const nodes = wanted.map(({ node }) => node);
  return {
    ended: 'rendered',
    files: files.flatMap((entry) => entry.files),
    seconds: renderSeconds(history),
    cached: wasCached(history, Object.keys(graph), nodes),
  };
}

function interrupted({ gpu, stoppedByUs, unheard, stoppedAnother }: Circumstances): Failure {
  if (stoppedByUs && unheard) return unheardFor(gpu, 'it was interrupted');
  if (stoppedByUs)
    return {
      kind: 'hung',
      error: {
        code: 'comfyui_hung',
        message: `${gpu} showed no sign of life for too long; the prompt was interrupted`,
        hint: 'The log of this ComfyUI may say what it waited for.',
      },
    };
  if (stoppedAnother)
    return {
      kind: 'interrupt_collateral',
      error: {
        code: 'comfyui_interrupt_collateral',
        message: `an interrupt meant for another prompt on ${gpu} hit this one`,
        hint: 'Tower tries again by itself.',
      },
    };
  return {
    kind: 'interrupted',
    error: {
      code: 'comfyui_interrupted',
      message: `somebody interrupted the prompt on ${gpu}`,
      hint: 'Tower tries once more; cancel the job to stop it for good.',
    },
  };
}

/** A prompt that ran far too long while its card's socket said nothing of it: it may have hung, or only been slow. */
export const unheardFor = (gpu: string, what: string): Failure => ({
  kind: 'hung',
  unheard: true,
  error: {
    code: 'comfyui_hung',
    message: `${gpu} ran the prompt for far longer than such work ever took, and nothing was heard of it; ${what}`,
    hint:
      'Let the WebSocket of this ComfyUI through, so that progress is heard: a proxy has ' +
      'to pass the headers Upgrade and Connection for /ws.',
  },
});

/**
 * Output files of one node; a server may list other nodes' files, temporary ones and files of other prompts as well.
 */
function filesOf(history: HistoryEntry, node: string): FileRef[] {
  return Object.values(history.outputs[node] ?? {})
    .flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []))
    .flatMap((item) => {
      const file = fileRef.safeParse(item);
      return file.success && file.data.type === 'output' ? [file.data] : [];
    });
}

/**
 * Whether the file was written under this attempt's own prefix. Folders may have been put before it, and Windows writes
 * them its own way.
 */
function bearsPrefix(file: FileRef, prefix: unknown): boolean {
  if (typeof prefix !== 'string') return false;
  const own = prefix.split('/');
  const folders = file.subfolder.split(/[\\/]/);
  return (
    file.filename.startsWith(`${own.at(-1) ?? ''}_`) && own.slice(0, -1).every((folder) => folders.includes(folder))
  );
}

/** Seconds of silence, and their share of the whole, from which on a time says less of the work than of the silence. */
const longSilence = { seconds: 5, share: 0.2 };

/**
 * Whether the time of an attempt says what its work takes: its server answered all the time, but for a moment.
 * `silentSeconds`: the longest time for which it did not; `seconds`: the attempt's, where they are known.
 */
export const wasAnswered = (silentSeconds: number, seconds = Infinity): boolean =>
  silentSeconds < Math.max(longSilence.seconds, longSilence.share * seconds);
