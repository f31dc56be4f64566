import { createHash } from 'node:crypto';
import type { PromptGraph } from '@tower/comfyui';
import { canonicalJson } from '@tower/db';

/** Identity of a graph: sha256 of its canonical JSON, as 64 hex digits. */
export const graphSha256 = (graph: PromptGraph): string =>
  createHash('sha256').update(canonicalJson(graph)).digest('hex');
