import { once } from 'node:events';
import {
  fetchFromCard,
  sameServerSentence,
  serverPlaces,
  socketWarning,
  whySameServer,
  type ConfiguredGpu,
  type LogLine,
  type ServerTraits,
} from '@tower/comfyui';
import { describeError } from '@tower/kit';
import WebSocket from 'ws';
import type { Finding } from './doctor';

/** Milliseconds. */
const waitMs = 3_000;

/** A note where a card that answers over HTTP does not let its WebSocket be had; undefined where it does. */
export async function checkSocket({
  name,
  url,
  access,
}: Pick<ConfiguredGpu, 'name' | 'url' | 'access'>): Promise<Finding | undefined> {
  const { ca } = access ?? {};
  const socket = new WebSocket(`${url.replace(/^http/i, 'ws')}/ws?clientId=tower-doctor`, {
    handshakeTimeout: waitMs,
    headers: access?.headers(),
    ...(ca === undefined ? {} : { ca }),
  });
  try {
    await once(socket, 'open');
    return undefined;
  } catch (error) {
    return { what: name, level: 'note', detail: socketWarning(name, `cannot be had (${describeError(error)})`) };
  } finally {
    socket.on('error', () => undefined);
    socket.terminate();
  }
}

/** A problem for each card that is one ComfyUI with a card before it in the configuration. */
export async function checkSameServers(gpus: readonly ConfiguredGpu[]): Promise<Finding[]> {
  if (gpus.length < 2) return [];
  const traits = await Promise.all(gpus.map(traitsOf));
  return gpus.flatMap((gpu, index): Finding[] => {
    for (const [before, earlier] of gpus.slice(0, index).entries()) {
      const why = whySameServer(traits[before] as ServerTraits, traits[index] as ServerTraits);
      const first = { name: earlier.name, url: earlier.url };
      if (why !== undefined)
        return [{ what: gpu.name, level: 'problem', detail: sameServerSentence(gpu.name, first, why) }];
    }
    return [];
  });
}

async function traitsOf(gpu: ConfiguredGpu): Promise<ServerTraits> {
  const { url } = gpu;
  const [places, log, stats] = await Promise.all([serverPlaces(url), logOf(gpu), jsonOf(gpu, '/system_stats')]);
  const { system, devices } = (stats ?? {}) as {
    system?: { comfyui_version?: unknown };
    devices?: { name?: unknown; vram_total?: unknown }[];
  };
  const about =
    stats === undefined
      ? null
      : JSON.stringify([system?.comfyui_version, devices?.[0]?.name, devices?.[0]?.vram_total]);
  return { url, places, log, about };
}

async function logOf(gpu: ConfiguredGpu): Promise<LogLine[]> {
  const { entries } = ((await jsonOf(gpu, '/internal/logs/raw')) ?? {}) as { entries?: unknown };
  return Array.isArray(entries) ? (entries as unknown[]).filter(isLogLine) : [];
}

const isLogLine = (value: unknown): value is LogLine =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as LogLine).t === 'string' &&
  typeof (value as LogLine).m === 'string';

/** Undefined where it does not answer with JSON. */
async function jsonOf({ url, access }: ConfiguredGpu, path: string): Promise<unknown> {
  try {
    const response = await fetchFromCard(url + path, { signal: AbortSignal.timeout(waitMs) }, access);
    return response.ok ? ((await response.json()) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
