import { createHash } from 'node:crypto';
import { seededRandom } from '../card/random';

/** Everything a simulated picture depends on: the same recipe gives the same pixels. */
export interface DrawingRecipe {
  readonly positive: string;
  readonly negative: string;
  readonly seed: string;
  readonly steps: number;
  readonly cfg: number;
  readonly model: string;
  readonly loras: readonly string[];
  /** Place in the batch: one seed gives each picture of a batch other noise. */
  readonly index: number;
  /** What the latent was encoded from; "" for an empty one. */
  readonly source: string;
  /** How often a sampler went over it after the first time; more passes, more detail. */
  readonly refined: number;
  /** False for a latent no sampler has touched: it decodes to grey. */
  readonly sampled: boolean;
}

export const emptyRecipe = (index: number, source = ''): DrawingRecipe => ({
  positive: '', negative: '', seed: '0', steps: 0, cfg: 0, model: '', loras: [], index, source, refined: 0, sampled: false,
});

/** Refinement keeps the character, so it is not part of what the dice are thrown with. */
export function recipeRandom(recipe: DrawingRecipe, purpose: string): () => number {
  const { positive, seed, steps, cfg, model, loras, index, source } = recipe;
  const digest = createHash('sha256').update(JSON.stringify([positive, seed, steps, cfg, model, loras, index, source, purpose])).digest();
  return seededRandom(digest.readUInt32BE(0));
}

export function recipeFingerprint(recipe: DrawingRecipe): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
}
