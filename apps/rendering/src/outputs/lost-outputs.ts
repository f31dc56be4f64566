import type { FileRef, ComfyClient, PromptGraph } from '@tower/comfyui';

/** More pictures than one prompt makes. */
const maxFiles = 64;

/** How each kind of saving node numbers and ends its files (comfyui-protocol study, 5 and 8.1.12). */
const namings: {
  pattern: RegExp;
  name: (base: string, n: string, inputs: PromptGraph[string]['inputs']) => string;
}[] = [
  { pattern: /^SaveImage$/, name: (base, n) => `${base}_${n}_.png` },
  { pattern: /^SaveAnimatedWEBP$/, name: (base, n) => `${base}_${n}_.webp` },
  { pattern: /^SaveAnimatedPNG$/, name: (base, n) => `${base}_${n}_.png` },
  { pattern: /^SaveWEBM$/, name: (base, n) => `${base}_${n}_.webm` },
  { pattern: /^SaveVideo$/, name: (base, n) => `${base}_${n}_.mp4` },
  // With sound there are two files, and the one without it is not the result.
  {
    pattern: /^VHS_VideoCombine$/,
    name: (base, n, inputs) =>
      `${base}_${n}${inputs['audio'] === undefined ? '' : '-audio'}.${extensionOf(String(inputs['format'] ?? ''))}`,
  },
];

const extensionOf = (format: string): string =>
  format.includes('webm') ? 'webm' : format.includes('gif') ? 'gif' : format.includes('webp') ? 'webp' : 'mp4';

/**
 * Files of a prompt that the server has forgotten (its history was cleared or ran over): every attempt writes under a
 * prefix of its own, so its names are known. Undefined unless every output node has at least one. Whoever takes them
 * has to decode them: the last one may be half written.
 */
export async function findLostOutputs(
  client: ComfyClient,
  graph: PromptGraph,
  outputs: readonly { node: string; prefix_input: string }[],
): Promise<FileRef[] | undefined> {
  const found: FileRef[] = [];
  for (const { node, prefix_input } of outputs) {
    const saving = graph[node];
    if (!saving) continue;
    const naming = namings.find(({ pattern }) => pattern.test(saving.class_type));
    const prefix = saving.inputs[prefix_input];
    if (!naming || typeof prefix !== 'string') return undefined;
    const files = await filesUnder(client, prefix, (base, n) => naming.name(base, n, saving.inputs));
    if (files.length === 0) return undefined;
    found.push(...files);
  }
  return found.length === 0 ? undefined : found;
}

async function filesUnder(
  client: ComfyClient,
  prefix: string,
  nameOf: (base: string, n: string) => string,
): Promise<FileRef[]> {
  const slash = prefix.lastIndexOf('/');
  const subfolder = slash < 0 ? '' : prefix.slice(0, slash);
  const files: FileRef[] = [];
  for (let n = 1; n <= maxFiles; n++) {
    const file: FileRef = {
      filename: nameOf(prefix.slice(slash + 1), String(n).padStart(5, '0')),
      subfolder,
      type: 'output',
    };
    if (!(await client.has(file))) break;
    files.push(file);
  }
  return files;
}
