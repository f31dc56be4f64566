import { causesOf } from '@tower/kit';
import type { CardAccess } from './access/card-access';
import { ComfyFiles, type UploadedPicture } from './comfy-files';
import { answerLimits, ComfyHttp, isTurnedAway, refusesRequest, silenceOf, wordsOf } from './comfy-http';
import { parseComfyJson } from './comfy-json';
import {
  historyBody,
  promptAccepted,
  promptRefused,
  queueBody,
  queueLength,
  type FileRef,
  type HistoryEntry,
  type QueueBody,
} from './comfy-messages';
import { modelOfRefusal, type FailureKind, type MissingModel, type NodeFault } from './failure';
import type { PromptGraph } from './prompt-graph';
import { ServerQuestions } from './server-inventory';

/**
 * Milliseconds (comfyui-protocol study, 4.2): validation runs in the server's event loop, which also pauses for garbage
 * collection.
 */
const timeouts = { alive: 5_000, queue: 10_000, history: 10_000, prompt: 60_000, control: 10_000 };

export type PostOutcome =
  /**
   * `promptId` is the server's own: a server that does not take ours answers another one. `number` counts the prompts
   * since its start.
   */
  | { outcome: 'accepted'; promptId: string; number: number }
  /** The server looked at the graph and said no, or accepted only a part of it. */
  | {
      outcome: 'refused';
      kind: FailureKind;
      code: string;
      message: string;
      faults: NodeFault[];
      model?: MissingModel;
      /** What it accepted all the same; null when nothing. */ promptId: string | null;
    }
  /** The connection was refused, or we were turned away: the prompt certainly is not there. */
  | { outcome: 'unreachable'; message: string }
  /** No answer, or one that proves nothing: the prompt may be queued. `answer`: the server's own words, if it spoke. */
  | { outcome: 'unknown'; message: string; answer?: string };

/** Speaks HTTP with one ComfyUI server. HTTP is the truth; the WebSocket only says when to look. */
export class ComfyClient {
  readonly inventory: ServerQuestions;
  private readonly http: ComfyHttp;
  private readonly files: ComfyFiles;

  constructor(
    readonly name: string,
    readonly url: string,
    access?: CardAccess,
  ) {
    this.http = new ComfyHttp(name, url, access);
    this.files = new ComfyFiles(this.http);
    this.inventory = new ServerQuestions(this.http);
  }

  queue(): Promise<QueueBody> {
    return this.http.json('/queue', queueBody, timeouts.queue, answerLimits.large);
  }

  /**
   * Prompts that wait or run. Answered without asking the GPU, so it tells a living server from one whose driver hangs.
   */
  async alive(): Promise<number> {
    return (await this.http.json('/prompt', queueLength, timeouts.alive)).exec_info.queue_remaining;
  }

  /** The entry of a finished prompt; undefined while it is unknown, pending, running or forgotten. */
  async history(promptId: string): Promise<HistoryEntry | undefined> {
    return (await this.http.json(`/history/${promptId}`, historyBody, timeouts.history, answerLimits.large))[promptId];
  }

  async post(
    graph: PromptGraph,
    promptId: string,
    clientId: string,
    extra: Record<string, unknown>,
  ): Promise<PostOutcome> {
    let response: Response;
    let text: string;
    try {
      // Never `number` (equal numbers can kill the server's worker), never null fields (newer servers answer 500 for
      // everybody afterwards).
      response = await this.http.request('/prompt', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: graph, prompt_id: promptId, client_id: clientId, extra_data: { tower: extra } }),
        signal: AbortSignal.timeout(timeouts.prompt),
      });
      text = await this.http.text(response);
    } catch (error) {
      // Who turns us away has not taken it.
      return {
        outcome: isTurnedAway(error) || silenceOf(error) === 'refused' ? 'unreachable' : 'unknown',
        message: error instanceof Error ? error.message : causesOf(error),
      };
    }
    if (response.status === 200) return acceptance(text);
    if (response.status === 400) return refusal(text);
    if (refusesRequest(response.status))
      return {
        outcome: 'refused',
        kind: 'invalid',
        code: `comfyui_refused_${response.status}`,
        message: wordsOf(response.status, text),
        faults: [],
        promptId: null,
      };
    // An error of the server's own may come after it had queued the prompt.
    return { outcome: 'unknown', message: `answered ${response.status}`, answer: wordsOf(response.status, text) };
  }

  async deletePending(promptId: string): Promise<void> {
    await this.http.post('/queue', { delete: [promptId] }, timeouts.control);
  }

  /** Only ever by id: an interrupt without one stops whatever runs, whoever's it is. */
  async interrupt(promptId: string): Promise<void> {
    if (promptId === '') throw new Error('an interrupt needs a prompt id');
    await this.http.post('/interrupt', { prompt_id: promptId }, timeouts.control);
  }

  /** Newer servers only. Its answer "cancelled" means no more than "passed on"; the history decides. */
  async cancelJob(promptId: string): Promise<void> {
    if (promptId === '') throw new Error('a cancellation needs a prompt id');
    await this.http.post(`/api/jobs/${promptId}/cancel`, {}, timeouts.control);
  }

  /** Forgets one finished prompt of ours; the server's list is never cleared, because others look at it too. */
  async deleteHistory(promptId: string): Promise<void> {
    if (promptId === '') throw new Error('forgetting needs a prompt id');
    await this.http.post('/history', { delete: [promptId] }, timeouts.control);
  }

  /** Asks the server to unload its models and drop its cache. Nothing tells when it is done; free memory does. */
  async free(): Promise<void> {
    await this.http.post('/free', { unload_models: true, free_memory: true }, timeouts.control);
  }

  download(file: FileRef, path: string, expect?: (bytes: number) => Promise<void>): Promise<number> {
    return this.files.download(file, path, expect);
  }

  has(file: FileRef): Promise<boolean> {
    return this.files.has(file);
  }

  upload(picture: UploadedPicture): Promise<string> {
    return this.files.upload(picture);
  }
}

function acceptance(text: string): PostOutcome {
  let value: unknown;
  try {
    value = parseComfyJson(text);
  } catch (error) {
    return { outcome: 'unknown', message: `answered 200 with something that is not JSON: ${causesOf(error)}` };
  }
  const answer = promptAccepted.safeParse(value);
  if (!answer.success) return { outcome: 'unknown', message: 'answered 200 with an unexpected body' };
  const { prompt_id: promptId, number, node_errors } = answer.data;
  const failing = Object.keys(node_errors);
  if (failing.length === 0) return { outcome: 'accepted', promptId, number };
  // 200 with node errors means that outputs were dropped silently.
  const faults = faultsOf(node_errors);
  return {
    outcome: 'refused',
    ...sorted('comfyui_partly_refused', faults, `nodes ${failing.join(', ')} did not validate`),
    promptId,
  };
}

function refusal(text: string): PostOutcome {
  const wordless: PostOutcome = {
    outcome: 'refused',
    kind: 'invalid',
    code: 'comfyui_refused',
    message: wordsOf(400, text),
    faults: [],
    promptId: null,
  };
  let value: unknown;
  try {
    value = parseComfyJson(text);
  } catch {
    return wordless;
  }
  const body = promptRefused.safeParse(value);
  if (!body.success) return wordless;
  const { error, node_errors } = body.data;
  const top =
    typeof error === 'string' ? error : `${error.message}${error.details === '' ? '' : ` (${error.details})`}`;
  const type = typeof error === 'string' ? 'refused' : error.type;
  // Older servers call a node that they do not know an invalid prompt, newer ones have a word for it.
  if (type === 'missing_node_type' || (type === 'invalid_prompt' && /does not exist/.test(top)))
    return {
      outcome: 'refused',
      kind: 'missing_node',
      code: 'comfyui_missing_node',
      message: top.slice(0, 1_000),
      faults: [],
      promptId: null,
    };
  return { outcome: 'refused', ...sorted(`comfyui_${type}`, faultsOf(node_errors), top), promptId: null };
}

function sorted(
  code: string,
  faults: NodeFault[],
  otherwise: string,
): { kind: FailureKind; code: string; message: string; faults: NodeFault[]; model?: MissingModel } {
  const model = modelOfRefusal(faults);
  const message = (
    faults.length > 0
      ? faults.map((fault) => `node ${fault.node} (${fault.classType}): ${fault.message}: ${fault.details}`).join('; ')
      : otherwise
  ).slice(0, 1_000);
  return model
    ? { kind: 'missing_model', code: 'comfyui_missing_model', message, faults, model }
    : { kind: 'invalid', code, message, faults };
}

function faultsOf(errors: ReturnType<typeof promptRefused.parse>['node_errors']): NodeFault[] {
  if (Array.isArray(errors)) return [];
  return Object.entries(errors).flatMap(([node, { class_type, errors: list }]) =>
    list.map(({ type, message, details, extra_info }) => ({
      node,
      classType: class_type ?? '?',
      type,
      message,
      details,
      input: extra_info.input_name ?? null,
      value: typeof extra_info.received_value === 'string' ? extra_info.received_value : null,
    })),
  );
}
