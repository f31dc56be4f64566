import { maxEmbeddedBytes, type UploadMetadata } from '@tower/contracts';
import { readPngTexts } from '@tower/imaging';

type Embedded = Pick<UploadMetadata, 'prompt' | 'workflow' | 'parameters' | 'omitted'>;
type Json = Record<string, unknown>;

const keywords = ['prompt', 'workflow', 'parameters'] as const;
/** Brackets within brackets; graphs have about ten, and what has thousands breaks whoever reads it. */
const maxDepth = 64;

/**
 * What a file carries under the names that ComfyUI and its relatives use. Only PNG files are looked into.
 * @throws the file system's own error
 */
export async function readEmbedded(path: string): Promise<Embedded> {
  const texts = await readPngTexts(path, keywords, maxEmbeddedBytes);
  const omitted: Embedded['omitted'] = [];
  const kept = <Value>(name: (typeof keywords)[number], read: (text: string) => Value | null): Value | null => {
    const text = texts.get(name);
    if (text === undefined) return null;
    const value = text === null ? null : read(text);
    if (value !== null && Buffer.byteLength(JSON.stringify(value)) <= maxEmbeddedBytes) return value;
    omitted.push(name);
    return null;
  };
  return {
    prompt: kept('prompt', readObject),
    workflow: kept('workflow', readObject),
    parameters: kept('parameters', (text) => text),
    omitted,
  };
}

/** An object of JSON as Python writes it; null for everything else. */
export function readObject(text: string): Json | null {
  const plain = withoutBareWords(text);
  if (plain === undefined) return null;
  try {
    const value: unknown = JSON.parse(plain);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    // Told as `omitted`: anybody may write anything there.
    return null;
  }
}

/**
 * NaN, Infinity and -Infinity, which Python writes and JSON does not know, as null; undefined where the text nests too
 * deep. One pass, whatever the text: it comes from anybody.
 */
function withoutBareWords(text: string): string | undefined {
  const pieces: string[] = [];
  const token = /"(?:[^"\\]|\\.?)*(?:"|$)|-?Infinity|NaN|[[\]{}]/gsy;
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length;) {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found === undefined) {
      at += 1;
      continue;
    }
    if (found === '[' || found === '{') depth += 1;
    if (found === ']' || found === '}') depth -= 1;
    if (depth > maxDepth) return undefined;
    if (found === 'NaN' || found.endsWith('Infinity')) {
      pieces.push(text.slice(from, at), 'null');
      from = at + found.length;
    }
    at += found.length;
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(from);
}
