import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, describeError } from '@tower/kit';
import type { z } from 'zod';
import type { GpuInventory } from '../gpus/gpu.entity';
import type { WorkflowGraph } from '../workflows/workflow-file';
import { parseComfyJson } from './comfy-json';
import { comboOptions, historyBody, modelNames, objectInfo, promptAccepted, promptRefused, queueBody, systemStats, type FileRef, type HistoryEntry, type QueueBody } from './comfy-messages';

/** Milliseconds (comfyui-protocol study, 4.2): validation and object_info run in the server's event loop, which also pauses for garbage collection. */
const timeouts = { queue: 10_000, history: 10_000, prompt: 60_000, stats: 5_000, objectInfo: 120_000, view: 60_000, control: 10_000 };

/** Bytes; more than any still or short film, little enough not to fill a disk by accident. */
const maxOutputBytes = 2 * 1024 ** 3;

export type PostOutcome =
  | { outcome: 'accepted' }
  /** The server looked at the graph and said no, or accepted only a part of it. */
  | { outcome: 'refused'; code: string; message: string }
  /** The connection was refused: the prompt certainly is not there. */
  | { outcome: 'unreachable'; message: string }
  /** No answer, or one that proves nothing: the prompt may be queued. */
  | { outcome: 'unknown'; message: string };

/** Speaks HTTP with one ComfyUI server. HTTP is the truth; the WebSocket only says when to look. */
export class ComfyClient {
  constructor(
    readonly name: string,
    private readonly url: string,
  ) {}

  queue(): Promise<QueueBody> {
    return this.json('/queue', queueBody, timeouts.queue);
  }

  /** The entry of a finished prompt; undefined while it is unknown, pending, running or forgotten. */
  async history(promptId: string): Promise<HistoryEntry | undefined> {
    return (await this.json(`/history/${promptId}`, historyBody, timeouts.history))[promptId];
  }

  async post(graph: WorkflowGraph, promptId: string, clientId: string, extra: Record<string, unknown>): Promise<PostOutcome> {
    let response: Response;
    let text: string;
    try {
      // Never `number` (equal numbers can kill the server's worker), never null fields (newer servers answer 500 for everybody afterwards).
      response = await fetch(`${this.url}/prompt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: graph, prompt_id: promptId, client_id: clientId, extra_data: { tower: extra } }),
        signal: AbortSignal.timeout(timeouts.prompt),
      });
      text = await response.text();
    } catch (error) {
      const refused = /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN/.test(causes(error));
      return { outcome: refused ? 'unreachable' : 'unknown', message: causes(error) };
    }
    if (response.status === 200) {
      const answer = promptAccepted.safeParse(parseComfyJson(text));
      if (!answer.success) return { outcome: 'unknown', message: 'answered 200 with an unexpected body' };
      const failing = Object.keys(answer.data.node_errors);
      // 200 with node errors means that outputs were dropped silently.
      return failing.length === 0 ? { outcome: 'accepted' } : { outcome: 'refused', code: 'comfyui_partly_refused', message: `nodes ${failing.join(', ')} did not validate` };
    }
    if (response.status === 400) return refusal(text);
    return { outcome: 'unknown', message: `answered ${response.status}` };
  }

  async deletePending(promptId: string): Promise<void> {
    await this.send('/queue', { delete: [promptId] });
  }

  /** Only ever by id: an interrupt without one stops whatever runs, whoever's it is. */
  async interrupt(promptId: string): Promise<void> {
    if (promptId === '') throw new Error('an interrupt needs a prompt id');
    await this.send('/interrupt', { prompt_id: promptId });
  }

  /** Streams one output file to `path`; returns its size in bytes. */
  async download(file: FileRef, path: string): Promise<number> {
    const query = new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type });
    const response = await fetch(`${this.url}/view?${query.toString()}`, { signal: AbortSignal.timeout(timeouts.view) });
    if (response.status !== 200 || response.body === null) throw new AppError('unavailable', 'comfyui_output_missing', `${this.name} answers ${response.status} for its own output ${file.filename}`);
    let bytes = 0;
    const counted = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        bytes += chunk.length;
        if (bytes > maxOutputBytes) throw new AppError('invalid', 'comfyui_output_too_large', `${file.filename} has more than ${maxOutputBytes} bytes`);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), counted, createWriteStream(path, { flush: true }));
    return bytes;
  }

  /** What the server is and can run. Takes the big `/object_info`: once per boot and now and then, never while latency matters. */
  async inventory(): Promise<GpuInventory> {
    const stats = await this.stats();
    const info = await this.json('/object_info', objectInfo, timeouts.objectInfo);
    const required = (node: string, input: string): string[] => comboOptions(info[node]?.input.required?.[input]);
    return {
      ...stats,
      checkpoints: required('CheckpointLoaderSimple', 'ckpt_name'),
      samplers: required('KSampler', 'sampler_name'),
      schedulers: required('KSampler', 'scheduler'),
      nodes: Object.keys(info).sort(),
    };
  }

  /** Cheap, unlike the inventory, and the same list: the server reads the folder anew only when it has changed. */
  checkpoints(): Promise<string[]> {
    return this.json('/models/checkpoints', modelNames, timeouts.stats);
  }

  async stats(): Promise<Omit<GpuInventory, 'checkpoints' | 'samplers' | 'schedulers' | 'nodes'>> {
    const stats = await this.json('/system_stats', systemStats, timeouts.stats);
    const device = stats.devices[0];
    const megabytes = (bytes: number | null | undefined): number | null => (typeof bytes === 'number' ? Math.round(bytes / 1024 ** 2) : null);
    return {
      comfyuiVersion: stats.system.comfyui_version ?? 'unknown',
      pytorchVersion: stats.system.pytorch_version ?? null,
      device: device?.name ?? null,
      deviceType: device?.type ?? null,
      simulated: stats.system.argv.includes('--simulated'),
      vramMb: megabytes(device?.vram_total),
      vramFreeMb: megabytes(device?.vram_free),
    };
  }

  private async json<Schema extends z.ZodType>(path: string, schema: Schema, timeoutMs: number): Promise<z.output<Schema>> {
    let response: Response;
    try {
      response = await fetch(this.url + path, { signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      throw new AppError('unavailable', 'comfyui_unreachable', `${this.name} (${this.url}) does not answer: ${causes(error)}`, { cause: error });
    }
    const text = await response.text();
    if (response.status !== 200) throw new AppError('unavailable', 'comfyui_unexpected_answer', `${this.name} answers ${response.status} to GET ${path}`);
    try {
      return schema.parse(parseComfyJson(text));
    } catch (error) {
      throw new AppError('unavailable', 'comfyui_unexpected_answer', `${this.name} answers GET ${path} with something that is not ComfyUI's: is ${this.url} a ComfyUI?`, { cause: error });
    }
  }

  private async send(path: string, body: unknown): Promise<void> {
    const response = await fetch(this.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(timeouts.control) });
    await response.arrayBuffer();
  }
}

function refusal(text: string): PostOutcome {
  const body = promptRefused.safeParse(parseComfyJson(text));
  if (!body.success) return { outcome: 'refused', code: 'comfyui_refused', message: 'the server refused the graph without a reason' };
  const { error, node_errors } = body.data;
  const nodes = Array.isArray(node_errors) ? [] : Object.entries(node_errors).flatMap(([id, node]) => node.errors.map((fault) => `node ${id} (${node.class_type ?? '?'}): ${fault.message}: ${fault.details}`));
  const top = typeof error === 'string' ? error : `${error.message}${error.details === '' ? '' : ` (${error.details})`}`;
  const type = typeof error === 'string' ? 'refused' : error.type;
  return { outcome: 'refused', code: `comfyui_${type}`, message: (nodes.length > 0 ? nodes.join('; ') : top).slice(0, 1_000) };
}

/** fetch hides the reason in causes. */
function causes(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return [describeError(error), code, error.cause === undefined ? undefined : causes(error.cause)].filter((part) => part !== undefined && part !== '').join(': ');
}
