import { nodeClassOf, type ComfyClient, type FileRef, type PromptGraph } from '@tower/comfyui';

/** More pictures than one prompt makes. */
const maxFiles = 64;

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
    const naming = nodeClassOf(saving.class_type).saves;
    const prefix = saving.inputs[prefix_input];
    if (!naming || typeof prefix !== 'string') return undefined;
    const files = await filesUnder(client, prefix, (base, n) => naming(base, n, saving.inputs));
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
