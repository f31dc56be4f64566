import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { RunningComfySim } from '../comfy-sim';
import type { Graph } from './recipe-book';

export interface SettledPrompt {
  readonly status: {
    readonly status_str: string;
    readonly messages: readonly (readonly [string, Record<string, unknown>])[];
  };
  readonly outputs: Record<string, { readonly images?: readonly SavedFile[]; readonly gifs?: readonly SavedFile[] }>;
}

interface SavedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

interface PromptFailure {
  readonly node: string;
  readonly type: string;
  readonly message: string;
}

/** Posts a graph and waits for its history. Throws the answer of a refused one. */
export async function run(sim: RunningComfySim, graph: Graph, clientId?: string): Promise<SettledPrompt> {
  const promptId = randomUUID();
  const response = await fetch(`${sim.url}/prompt`, {
    method: 'POST',
    body: JSON.stringify({
      prompt: graph,
      prompt_id: promptId,
      ...(clientId === undefined ? {} : { client_id: clientId }),
    }),
  });
  const answer = await response.text();
  if (response.status !== 200 || !answer.includes('"node_errors": {}')) throw new Error(`refused: ${answer}`);
  for (;;) {
    const history = (await (await fetch(`${sim.url}/history/${promptId}`)).json()) as Record<string, SettledPrompt>;
    const entry = history[promptId];
    if (entry !== undefined) return entry;
    await sleep(5);
  }
}

/** Why a prompt failed; undefined when it did not. */
export function failureOf({ status }: SettledPrompt): PromptFailure | undefined {
  const error = status.messages.find(([event]) => event === 'execution_error')?.[1];
  if (error === undefined) return undefined;
  return {
    node: String(error['node_type']),
    type: String(error['exception_type']),
    message: String(error['exception_message']).split('\n')[0] ?? '',
  };
}

export async function upload(sim: RunningComfySim, name: string, bytes: Buffer, subfolder = ''): Promise<void> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(bytes)]), name);
  form.append('subfolder', subfolder);
  const response = await fetch(`${sim.url}/upload/image`, { method: 'POST', body: form });
  if (response.status !== 200) throw new Error(`upload: ${response.status}`);
}

/** All files of one output, in order. */
export async function files(
  sim: RunningComfySim,
  prompt: SettledPrompt,
  node: string,
  key: 'images' | 'gifs',
): Promise<Buffer[]> {
  return Promise.all(
    (prompt.outputs[node]?.[key] ?? []).map(async ({ filename, subfolder, type }) =>
      Buffer.from(
        await (
          await fetch(`${sim.url}/view?${new URLSearchParams({ filename, subfolder, type }).toString()}`)
        ).arrayBuffer(),
      ),
    ),
  );
}

export const pictures = (sim: RunningComfySim, prompt: SettledPrompt, node: string): Promise<Buffer[]> =>
  files(sim, prompt, node, 'images');

/** Ticks of the progress bars, by node, while a graph runs. */
export async function ticksOf(sim: RunningComfySim, graph: Graph): Promise<Record<string, number>> {
  const clientId = randomUUID();
  const socket = new WebSocket(`${sim.url.replace('http', 'ws')}/ws?clientId=${clientId}`);
  await once(socket, 'open');
  const ticks: Record<string, number> = {};
  const over = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) return;
      const { type, data: about } = JSON.parse(data.toString('utf8')) as {
        type: string;
        data: { node?: string | null };
      };
      if (type === 'progress' && typeof about.node === 'string') ticks[about.node] = (ticks[about.node] ?? 0) + 1;
      if (type === 'executing' && about.node === null) resolve();
    });
  });
  await run(sim, graph, clientId);
  await over;
  socket.close();
  return ticks;
}
