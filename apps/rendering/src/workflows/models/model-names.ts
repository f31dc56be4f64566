import { modelKey } from '@tower/contracts';

/**
 * Names of model files. A server takes a file only in exactly the spelling in which it lists it. Inside Tower a name is
 * a key (`modelKey`); each card is sent its own spelling (`card-spelling.ts`).
 */

/** The name without its folder. */
export const baseName = (name: string): string => {
  const key = modelKey(name);
  return key.slice(key.lastIndexOf('/') + 1);
};

const modelExtension = /\.(?:safetensors|sft|gguf|ckpt|pth|pt2?|bin|onnx|pkl)$/i;
const withoutExtension = (name: string): string => name.replace(modelExtension, '');

/**
 * Whether `asked` may mean this file of a list: it is the same below the folder, or names no folder and is called the
 * same; an extension that is left out may be any.
 */
export function meansFile(asked: string, file: string): boolean {
  const [wanted, key] = [modelKey(asked), modelKey(file)];
  const compared = wanted.includes('/') ? key : baseName(key);
  return compared === wanted || (!modelExtension.test(wanted) && withoutExtension(compared) === wanted);
}

/** A file of a list, as the list spells it; or, where the name may mean several of them, their keys. */
type FoundFile = { file: string } | { candidates: readonly string[] };

interface FileIndex {
  exact: ReadonlySet<string>;
  /** By key, by base name, and both without their extensions: the spellings of the files. */
  byName: ReadonlyMap<string, readonly string[]>;
}

/** Lists are of one reading of a folder and shared by all who ask; a folder may have thousands of files. */
const indexes = new WeakMap<readonly string[], FileIndex>();

function indexOf(files: readonly string[]): FileIndex {
  const known = indexes.get(files);
  if (known) return known;
  const byName = new Map<string, string[]>();
  const note = (name: string, file: string): void => {
    const noted = byName.get(name);
    if (noted === undefined) byName.set(name, [file]);
    else if (!noted.some((other) => modelKey(other) === modelKey(file))) noted.push(file);
  };
  for (const file of files) {
    const key = modelKey(file);
    // Names with their folder are kept apart from base names: `a` may be a file of its own beside `sub/a`.
    for (const [kind, name] of [
      ['key', key],
      ['base', baseName(key)],
    ] as const) {
      note(`${kind} ${name}`, file);
      if (withoutExtension(name) !== name) note(`${kind}-stem ${withoutExtension(name)}`, file);
    }
  }
  const index = { exact: new Set(files), byName };
  indexes.set(files, index);
  return index;
}

/**
 * The file of the list that the name means: the one of exactly this name, whatever its separators; else, for a name
 * without a folder, the only one in any sub-folder that is called so; and the same with the extension left out.
 * Undefined when there is none.
 */
export function findFile(asked: string, files: readonly string[]): FoundFile | undefined {
  const { exact, byName } = indexOf(files);
  if (exact.has(asked)) return { file: asked };
  const key = modelKey(asked);
  const kinds = modelExtension.test(key) ? ['key', 'base'] : ['key', 'key-stem', 'base', 'base-stem'];
  for (const kind of kinds) {
    if (kind.startsWith('base') && key.includes('/')) continue;
    const found = byName.get(`${kind} ${key}`);
    const [file] = found ?? [];
    if (found === undefined || file === undefined) continue;
    return found.length === 1 ? { file } : { candidates: found.map(modelKey).sort() };
  }
  return undefined;
}

/**
 * How the name is to be kept: `key` is the only file that the cards mean by it, or the name itself where they keep it
 * in different folders.
 */
export type SettledName = { key: string } | { candidates: readonly string[] };

/**
 * What a name means among several cards, each with its list. Every card finds the file in whichever folder it keeps it;
 * a card on which the name may mean several files does not count, and where there are only such the name is ambiguous.
 * Undefined: no card has it.
 */
export function settleName(asked: string, lists: readonly (readonly string[])[]): SettledName | undefined {
  const found = lists.flatMap((files) => findFile(asked, files) ?? []);
  const keys = [...new Set(found.flatMap((one) => ('file' in one ? [modelKey(one.file)] : [])))];
  const [only] = keys;
  if (keys.length > 0) return { key: keys.length === 1 && only !== undefined ? only : modelKey(asked) };
  const candidates = [...new Set(found.flatMap((one) => ('candidates' in one ? one.candidates : [])))].sort();
  return candidates.length === 0 ? undefined : { candidates };
}

/** Names of files without doubles, one for all spellings, in the order given. */
export const distinctKeys = (files: readonly string[]): string[] => [...new Set(files.map(modelKey))];

/** Names that are shown where another one was asked for. */
const shownNearest = 5;

/**
 * The files whose names are most like this one, the nearest first: pairs of letters in common (Dice's coefficient over
 * bigrams).
 */
export function nearestNames(asked: string, files: readonly string[], limit = shownNearest): string[] {
  const wanted = bigrams(asked);
  const likeness = (file: string): number => {
    const own = bigrams(file);
    const common = [...wanted].filter((pair) => own.has(pair)).length;
    return (2 * common) / Math.max(1, wanted.size + own.size);
  };
  return distinctKeys(files)
    .map((file) => ({ file, likeness: likeness(file) }))
    .sort((a, b) => b.likeness - a.likeness || (a.file < b.file ? -1 : 1))
    .slice(0, limit)
    .map(({ file }) => file);
}

function bigrams(name: string): Set<string> {
  const text = withoutExtension(baseName(name)).toLowerCase();
  return new Set(Array.from({ length: Math.max(1, text.length - 1) }, (_, index) => text.slice(index, index + 2)));
}

/** Files that a refusal lists whole. */
const shownWhole = 10;

/** Files that a name may mean, for a person. */
export function anyOf(candidates: readonly string[]): string {
  const more = candidates.length - shownWhole;
  return more > 0 ? `${candidates.slice(0, shownWhole).join(' or ')} or ${more} more` : candidates.join(' or ');
}

/**
 * Why a name cannot be taken, in words that follow it: what there is in `where` instead, or which files it may mean.
 */
export function refusedName(
  asked: string,
  where: string,
  files: readonly string[],
  settled: SettledName | undefined,
): string | undefined {
  if (settled !== undefined)
    return 'key' in settled
      ? undefined
      : `${asked} may mean ${anyOf(settled.candidates)} of ${where}: name it with its folder`;
  const all = distinctKeys(files);
  if (all.length === 0) return `${asked} is not on any card; no card has a file in ${where}`;
  if (all.length <= shownWhole) return `${asked} is not on any card; ${where} has ${all.join(', ')}`;
  const nearest = nearestNames(asked, all);
  return `${asked} is not on any card; of ${all.length} files in ${where} the nearest are ${nearest.join(', ')}`;
}
