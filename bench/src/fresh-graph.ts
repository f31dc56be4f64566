import { randomUUID } from 'node:crypto';

export type Graph = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

/** The same work under another seed and file name, as every Tower attempt has. */
export function fresh(graph: Graph): Graph {
  const copy = structuredClone(graph);
  for (const node of Object.values(copy)) {
    if (node.class_type === 'KSampler') node.inputs['seed'] = Math.floor(Math.random() * 2 ** 48);
    if (node.class_type === 'SaveImage') node.inputs['filename_prefix'] = `bench/${randomUUID()}`;
  }
  return copy;
}
