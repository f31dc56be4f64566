import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Listener } from './listener';
import { parseTolerantly } from './tolerant-json';

export type Graph = Record<string, { readonly class_type: string; readonly inputs: Record<string, unknown> }>;

export interface SavedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

export interface HistoryEntry {
  readonly prompt: [number, string, Graph, Record<string, unknown>, string[]];
  readonly outputs: Record<string, Record<string, unknown[]>>;
  readonly status: {
    readonly status_str: string;
    readonly completed: boolean;
    readonly messages: [string, Record<string, unknown>][];
  };
  readonly meta: Record<string, unknown>;
}

interface PromptAnswer {
  readonly status: number;
  readonly promptId: string;
  readonly body: {
    readonly prompt_id?: string;
    readonly number?: number;
    readonly error?: {
      readonly type: string;
      readonly message: string;
      readonly details: string;
      readonly extra_info: Record<string, unknown>;
    };
    readonly node_errors?: Record<
      string,
      { readonly errors: { readonly type: string; readonly details: string }[]; readonly class_type: string }
    >;
  };
}

const pollMs = 25;

/** A plain client for tests: it asks and waits, and decides nothing. */
export class ComfyClient {
  private readonly listeners: Listener[] = [];

  constructor(
    readonly url: string,
    /** How long a prompt may take before waiting for it is given up. */
    private readonly patienceMs = 60_000,
  ) {}

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}`);
    return parseTolerantly(await response.text()) as T;
  }

  postJson(path: string, body: unknown): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async post(prompt: unknown, more: Record<string, unknown> = {}): Promise<PromptAnswer> {
    const promptId = randomUUID();
    const response = await this.postJson('/prompt', { prompt, prompt_id: promptId, ...more });
    const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
    const body = isJson ? ((await response.json()) as PromptAnswer['body']) : {};
    return { status: response.status, promptId, body };
  }

  async entry(promptId: string): Promise<HistoryEntry | undefined> {
    return (await this.json<Record<string, HistoryEntry>>(`/history/${promptId}`))[promptId];
  }

  async settled(promptId: string): Promise<HistoryEntry> {
    return this.until(`prompt ${promptId} in the history`, () => this.entry(promptId));
  }

  /** Posts and waits for the end. */
  async run(prompt: Graph, more: Record<string, unknown> = {}): Promise<HistoryEntry> {
    const { status, promptId, body } = await this.post(prompt, more);
    if (status !== 200) throw new Error(`the prompt was refused: ${JSON.stringify(body)}`);
    return this.settled(promptId);
  }

  async until<T>(what: string, find: () => Promise<T | undefined> | T | undefined): Promise<T> {
    for (const end = Date.now() + this.patienceMs; Date.now() < end; await sleep(pollMs)) {
      const found = await find();
      if (found !== undefined) return found;
    }
    throw new Error(`waited ${this.patienceMs} ms in vain for ${what}`);
  }

  async listen(clientId = randomUUID().replaceAll('-', ''), firstFrame?: unknown): Promise<Listener> {
    const listener = await Listener.open(
      `${this.url.replace('http', 'ws')}/ws?clientId=${clientId}`,
      clientId,
      this.patienceMs,
    );
    if (firstFrame !== undefined) listener.send(firstFrame);
    this.listeners.push(listener);
    return listener;
  }

  view(file: SavedFile, more = ''): Promise<Response> {
    const query = new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type });
    return this.fetch(`/view?${query.toString()}${more}`);
  }

  upload(name: string, bytes: Buffer, fields: Record<string, string> = {}): Promise<Response> {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), name);
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    return this.fetch('/upload/image', { method: 'POST', body: form });
  }

  close(): void {
    for (const listener of this.listeners.splice(0)) listener.close();
  }
}

/** The files one output node saved. */
export function filesOf(entry: HistoryEntry, node: string): SavedFile[] {
  return Object.values(entry.outputs[node] ?? {})
    .flat()
    .filter((item): item is SavedFile => typeof item === 'object' && item !== null && 'filename' in item);
}

export const lastEvent = (entry: HistoryEntry): string => entry.status.messages.at(-1)?.[0] ?? '';
