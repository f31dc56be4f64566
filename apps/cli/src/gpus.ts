import { existsSync, readFileSync } from 'node:fs';
import { gpuConfig, type GpuConfig } from '@tower/contracts';
import { AppError, describeError, parseInput } from '@tower/kit';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

const gpuList = z.array(gpuConfig).superRefine((gpus, context) => {
  for (const key of ['name', 'url'] as const) {
    const values = gpus.map((gpu) => gpu[key]);
    values.forEach((value, index) => {
      if (values.indexOf(value) !== index) context.addIssue({ code: 'custom', path: [index, key], message: `two cards have the ${key} ${value}` });
    });
  }
});

/** `gpus:` may hold nothing, as in the example file where every card is commented out. */
const gpusFile = z.strictObject({ gpus: gpuList.nullish() }).nullish();

/**
 * The cards that were configured; none means that simulated ones take their place. Rendering reads the same sources by itself: here they
 * are read so that a mistake in them ends the start with one sentence.
 */
export function configuredGpus(source: { TOWER_GPUS?: string | undefined; TOWER_GPUS_FILE: string }): GpuConfig[] {
  if (source.TOWER_GPUS !== undefined) return parse(gpuList, 'TOWER_GPUS', () => readList(source.TOWER_GPUS ?? ''));
  const file = source.TOWER_GPUS_FILE;
  return existsSync(file) ? (parse(gpusFile, file, () => parseYaml(readFileSync(file, 'utf8')) as unknown)?.gpus ?? []) : [];
}

/** `name=http://host:port,…`, or JSON with the fields of the file. */
function readList(text: string): unknown {
  if (text.trim().startsWith('[')) return JSON.parse(text);
  const entries = text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  return entries.map((entry) => {
    const split = entry.indexOf('=');
    return { name: entry.slice(0, Math.max(split, 0)).trim(), url: entry.slice(split + 1).trim() };
  });
}

function parse<Schema extends z.ZodType>(schema: Schema, source: string, read: () => unknown): z.output<Schema> {
  const message = `${source} is not a valid list of cards`;
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw new AppError('invalid', 'gpus_invalid', `${message}: ${describeError(error)}`, { cause: error });
  }
  return parseInput(schema, value, { code: 'gpus_invalid', message });
}

/** The two cards a Tower without any pretends to have; `name` is also the simulator's name for its profile. */
export const simulatedCards = [
  { name: 'rtx3060', vendor: 'nvidia' },
  { name: 'rx9070xt', vendor: 'amd' },
] as const satisfies readonly Pick<GpuConfig, 'name' | 'vendor'>[];
