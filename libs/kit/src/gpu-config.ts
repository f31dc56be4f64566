import { existsSync, readFileSync } from 'node:fs';
import { gpuConfig, type GpuConfig } from '@tower/contracts';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { AppError, describeError } from './errors';
import { parseInput } from './problem';

/** Preferences of the two cards that this was first built for; they apply where the configuration says nothing. */
const knownPreferences: Record<string, GpuConfig['prefers']> = {
  rtx3060: ['video', 'interpolation'],
  rx9070xt: ['image', 'upscale', 'preview'],
};

const maxGpus = 32;

/** What is said beats what is known. */
const gpuEntry = z.preprocess((entry: unknown) => {
  const name = (entry as { name?: unknown } | null)?.name;
  const prefers = typeof name === 'string' ? knownPreferences[name] : undefined;
  return prefers !== undefined && typeof entry === 'object' ? { prefers, ...entry } : entry;
}, gpuConfig.transform((gpu) => ({ ...gpu, url: gpu.url.replace(/\/+$/, '') })));

const gpuList = z.array(gpuEntry).max(maxGpus).superRefine((gpus, context) => {
  for (const key of ['name', 'url'] as const) {
    const values = gpus.map((gpu) => gpu[key]);
    values.forEach((value, index) => {
      // One process is one card is one queue: two names for one server would put two prompts on it.
      if (values.indexOf(value) !== index) context.addIssue({ code: 'custom', path: [index, key], message: `two cards have the ${key} ${value}` });
    });
  }
});

/** `gpus:` may hold nothing, as in the example file where every card is commented out. */
const gpusFile = z.strictObject({ gpus: gpuList.nullish() }).nullish();

/**
 * The cards that were configured: `TOWER_GPUS`, else the file, else none. Addresses come without a slash at the end.
 * @throws AppError `gpus_invalid` saying what is wrong and where
 */
export function readGpuConfig(env: { TOWER_GPUS?: string | undefined; TOWER_GPUS_FILE: string }): GpuConfig[] {
  const list = env.TOWER_GPUS;
  if (list !== undefined) return parseGpuList(list.trim().startsWith('[') ? read('TOWER_GPUS', () => JSON.parse(list) as unknown) : readShortForm(list), 'TOWER_GPUS');
  const file = env.TOWER_GPUS_FILE;
  if (!existsSync(file)) return [];
  const content = read(file, () => parseYaml(readFileSync(file, 'utf8')) as unknown);
  return parseInput(gpusFile, content, { code: 'gpus_invalid', message: notAList(file) })?.gpus ?? [];
}

/** Checks a list that was read from `source`. @throws AppError `gpus_invalid` */
export const parseGpuList = (value: unknown, source: string): GpuConfig[] => parseInput(gpuList, value, { code: 'gpus_invalid', message: notAList(source) });

/** `name=http://host:port,…` */
function readShortForm(text: string): unknown[] {
  return text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '').map((entry) => {
    const split = entry.indexOf('=');
    if (split < 1) throw new AppError('invalid', 'gpus_invalid', `${notAList('TOWER_GPUS')}: "${entry}" is not name=http://host:port`);
    return { name: entry.slice(0, split).trim(), url: entry.slice(split + 1).trim() };
  });
}

function read(source: string, reading: () => unknown): unknown {
  try {
    return reading();
  } catch (error) {
    throw new AppError('invalid', 'gpus_invalid', `${notAList(source)}: ${describeError(error)}`, { cause: error });
  }
}

const notAList = (source: string): string => `${source} is not a valid list of cards`;
