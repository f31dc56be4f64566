import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gpuConfig, type GpuConfig } from '@tower/contracts';
import { bareAddress, AppError, describeError, withoutCredentials, parseInput } from '@tower/kit';
import { parse as parseYaml, YAMLError } from 'yaml';
import { z } from 'zod';
import { CardAccess, refuseInlineSecrets, type AccessSurroundings } from './card-access';

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
}, gpuConfig);

const gpuList = z
  .array(gpuEntry)
  .max(maxGpus)
  .superRefine((gpus, context) => {
    for (const key of ['name', 'url'] as const) {
      const values = gpus.map((gpu) => (key === 'url' ? bareAddress(gpu.url) : gpu.name));
      values.forEach((value, index) => {
        // One process is one card is one queue: two names for one server would put two prompts on it.
        if (values.indexOf(value) !== index)
          context.addIssue({ code: 'custom', path: [index, key], message: `two cards have the ${key} ${value}` });
      });
    }
  });

/** A card as it is used: nothing in it is secret but what `access` keeps to itself. */
export interface ConfiguredGpu extends GpuConfig {
  /** Absent where the address is all that is needed. */
  readonly access?: CardAccess;
}

/** `gpus:` may hold nothing, as in the example file where every card is commented out. */
const gpusFile = z.strictObject({ gpus: gpuList.nullish() }).nullish();

/**
 * The cards that were configured: `TOWER_GPUS`, else the file, else none. Addresses come without user, password and a
 * slash at the end. Paths in `auth` and `ca_file` count from the folder of the file.
 * @throws AppError `gpus_invalid` saying what is wrong and where, never with a secret in it
 */
export function readGpuConfig(
  env: { TOWER_GPUS?: string | undefined; TOWER_GPUS_FILE: string },
  secrets: NodeJS.ProcessEnv = process.env,
): ConfiguredGpu[] {
  const list = env.TOWER_GPUS;
  const file = env.TOWER_GPUS_FILE;
  const around = { folder: dirname(file), env: secrets };
  if (list !== undefined)
    return parseGpuList(
      list.trim().startsWith('[') ? read('TOWER_GPUS', () => JSON.parse(list) as unknown) : readShortForm(list),
      'TOWER_GPUS',
      around,
    );
  if (!existsSync(file)) return [];
  const content = read(file, () => parseYaml(readFileSync(file, 'utf8')) as unknown);
  refuseInlineSecrets((content as { gpus?: unknown } | null | undefined)?.gpus, file);
  const gpus = parseInput(gpusFile, content, { code: 'gpus_invalid', message: notAList(file) })?.gpus ?? [];
  return withAccess(gpus, file, around);
}

/** Checks a list that was read from `source`. @throws AppError `gpus_invalid` */
export function parseGpuList(value: unknown, source: string, around: AccessSurroundings): ConfiguredGpu[] {
  refuseInlineSecrets(value, source);
  return withAccess(parseInput(gpuList, value, { code: 'gpus_invalid', message: notAList(source) }), source, around);
}

/** Only here are secrets read, and taken out of addresses. */
function withAccess(gpus: readonly GpuConfig[], source: string, around: AccessSurroundings): ConfiguredGpu[] {
  return gpus.map((gpu) => {
    try {
      const access = CardAccess.of(gpu, around);
      return { ...gpu, url: bareAddress(gpu.url), ...(access === undefined ? {} : { access }) };
    } catch (error) {
      throw new AppError('invalid', 'gpus_invalid', `${notAList(source)}: ${gpu.name} ${describeError(error)}`, {
        cause: error,
      });
    }
  });
}

/** `name=http://host:port,…` */
function readShortForm(text: string): unknown[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const split = entry.indexOf('=');
      if (split < 1)
        throw new AppError(
          'invalid',
          'gpus_invalid',
          `${notAList('TOWER_GPUS')}: "${withoutCredentials(entry)}" is not name=http://host:port`,
        );
      return { name: entry.slice(0, split).trim(), url: entry.slice(split + 1).trim() };
    });
}

function read(source: string, reading: () => unknown): unknown {
  try {
    return reading();
  } catch (error) {
    throw new AppError('invalid', 'gpus_invalid', `${notAList(source)}: ${describeSyntax(error)}`);
  }
}

/** Parsers quote what they cannot read, and that may be an address with a password in it. */
function describeSyntax(error: unknown): string {
  if (error instanceof YAMLError) {
    const [at] = error.linePos ?? [];
    return `it is no YAML${at === undefined ? '' : `: line ${at.line}, column ${at.col}`} (${error.code})`;
  }
  if (error instanceof SyntaxError) return 'it is no JSON';
  return describeError(error);
}

const notAList = (source: string): string => `${source} is not a valid list of cards`;
