import { readFile } from 'node:fs/promises';
import { gpuConfig, type GpuConfig } from '@tower/contracts';
import { AppError, describeError, fieldErrorsOf } from '@tower/kit';
import { parse } from 'yaml';
import { z } from 'zod';

/** Injection token of the cards in the configuration. */
export const GPUS = Symbol('GPUS');
export type ConfiguredGpus = readonly GpuConfig[];

/** Preferences of the two cards that this was first built for; they apply where the configuration says nothing. */
const knownPreferences: Record<string, GpuConfig['prefers']> = {
  rtx3060: ['video', 'interpolation'],
  rx9070xt: ['image', 'upscale', 'preview'],
};

const maxGpus = 32;

/** `TOWER_GPUS`, else the file, else nothing. Throws `gpus_invalid` saying what is wrong and where. */
export async function readGpuConfig(env: { TOWER_GPUS?: string | undefined; TOWER_GPUS_FILE: string }): Promise<GpuConfig[]> {
  if (env.TOWER_GPUS !== undefined) return parseGpus(env.TOWER_GPUS.trim().startsWith('[') ? parseJson(env.TOWER_GPUS) : parseShortForm(env.TOWER_GPUS), 'TOWER_GPUS');
  const text = await readOptional(env.TOWER_GPUS_FILE);
  const content: unknown = text === undefined ? null : parse(text);
  return parseGpus((content as { gpus?: unknown } | null)?.gpus ?? [], env.TOWER_GPUS_FILE);
}

function parseShortForm(text: string): unknown[] {
  return text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '').map((entry) => {
    const split = entry.indexOf('=');
    if (split < 1) throw new AppError('invalid', 'gpus_invalid', `TOWER_GPUS: "${entry}" is not name=http://host:port`);
    return { name: entry.slice(0, split).trim(), url: entry.slice(split + 1).trim() };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid', 'gpus_invalid', `TOWER_GPUS is not valid JSON: ${describeError(error)}`, { cause: error });
  }
}

export function parseGpus(value: unknown, source: string): GpuConfig[] {
  const withPreferences = Array.isArray(value)
    ? value.map((entry: unknown) => {
        const name = (entry as { name?: unknown } | null)?.name;
        const prefers = typeof name === 'string' ? knownPreferences[name] : undefined;
        return prefers && typeof entry === 'object' ? { prefers, ...entry } : entry;
      })
    : value;
  const result = z.array(gpuConfig).max(maxGpus).safeParse(withPreferences);
  if (!result.success) throw new AppError('invalid', 'gpus_invalid', `${source}: ${fieldErrorsOf(result.error.issues).map((field) => `${field.pointer} ${field.message}`).join('; ')}`);
  for (const key of ['name', 'url'] as const) {
    const values = result.data.map((gpu) => gpu[key]);
    const twice = values.find((candidate, index) => values.indexOf(candidate) !== index);
    // One process is one card is one queue: two names for one server would put two prompts on it.
    if (twice !== undefined) throw new AppError('invalid', 'gpus_invalid', `${source}: two cards have the ${key} ${twice}`);
  }
  return result.data.map((gpu) => ({ ...gpu, url: gpu.url.replace(/\/+$/, '') }));
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
