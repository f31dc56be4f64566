import { dumpJson } from '../python/json';
import { PyFloat, isDict, type PyDict, type PyValue } from '../python/values';

/** Times and figures that differ from run to run. */
const volatileKeys = new Set([
  'timestamp',
  'create_time',
  'execution_start_time',
  'execution_end_time',
  'ram_total',
  'ram_free',
  'vram_total',
  'vram_free',
  'torch_vram_total',
  'torch_vram_free',
  'python_version',
  'pytorch_version',
  'argv',
  'devices',
  'entries',
  'traceback',
  'tooltip',
  'description',
  'search_aliases',
  'essentials_category',
]);
/** Python sets, whose order is chance. */
const setKeys = new Set(['executed', 'current_outputs', 'dependent_outputs', 'errors']);
export const failedEncoder = 'An error occurred in the ffmpeg subprocess:';
const fileNames = /^pixel_space$|\.(?:safetensors|ckpt|pth|pt|gguf|bin)$/;

/** What of a value is the same in every run, with everything else replaced by a word. */
export function stable(value: PyValue, ids: ReadonlyMap<string, string> = new Map()): PyValue {
  if (typeof value === 'string') return stableText(value, ids);
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every((item) => typeof item === 'string' && fileNames.test(item)))
      return 'model files';
    const items = value.map((item) => stable(item, ids));
    return isQueueItem(items) ? [...items.slice(0, 4), (items[4] as string[]).sort()] : items;
  }
  if (!isDict(value)) return value;
  const kept = [...value]
    .filter(([key]) => !volatileKeys.has(key))
    .map(([key, item]): [string, PyValue] => {
      const inner = stable(item, ids);
      return [
        ids.get(key) ?? key,
        setKeys.has(key) && Array.isArray(inner) ? inner.sort((a, b) => (dumpJson(a) < dumpJson(b) ? -1 : 1)) : inner,
      ];
    });
  return new Map(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The outputs to execute, last in it, come from a set. */
const isQueueItem = (items: readonly PyValue[]): boolean =>
  items.length === 5 && Array.isArray(items[4]) && isDict(items[2] ?? null);

/** Files of temp have five random letters in their names. */
export const withoutLetters = (text: string): string => text.replace(/ComfyUI_temp_[a-z]{5}_/g, 'ComfyUI_temp_');

function stableText(text: string, ids: ReadonlyMap<string, string>): string {
  if (text.startsWith('tensor(')) return 'tensor';
  let out = withoutLetters(text)
    .replace(/ not in \[[^\]]*(?:\.safetensors|\.pth|pixel_space)[^\]]*\]/g, ' not in model files')
    .replace(/^\/.*\/(?=[^/]+$)/, '/…/')
    .replace(/: \/\S*$/gm, ': /…')
    .replace(/ object at 0x[0-9a-f]+>/g, ' object>');
  // What an encoder complains of is its own affair.
  if (out.startsWith(failedEncoder)) return failedEncoder;
  for (const [recorded, actual] of ids) out = out.replaceAll(recorded, actual);
  return out;
}

/** Where two stable values differ, in words; empty when they are the same. */
export function differences(expected: PyValue, actual: PyValue, at = ''): string[] {
  if (isDict(expected) && isDict(actual)) return dictDifferences(expected, actual, at);
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item, index) => differences(item, actual[index] ?? null, `${at}[${index}]`));
  }
  // The recordings cut long texts.
  if (typeof expected === 'string' && expected.endsWith('…') && String(actual).startsWith(expected.slice(0, -1)))
    return [];
  const same = dumpJson(expected) === dumpJson(actual) && expected instanceof PyFloat === actual instanceof PyFloat;
  return same ? [] : [`${at}: expected ${shortened(expected)}, got ${shortened(actual)}`];
}

function dictDifferences(expected: PyDict, actual: PyDict, at: string): string[] {
  const keys = new Set([...expected.keys(), ...actual.keys()]);
  return [...keys].flatMap((key) => {
    const [left, right] = [expected.get(key), actual.get(key)];
    if (left === undefined) return [`${at}.${key}: not expected (got ${shortened(right ?? null)})`];
    if (right === undefined) return [`${at}.${key}: missing (expected ${shortened(left)})`];
    return differences(left, right, `${at}.${key}`);
  });
}

function shortened(value: PyValue): string {
  const text = dumpJson(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
