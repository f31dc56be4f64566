import { createHash } from 'node:crypto';
import { seededRandom } from '@tower/kit';
import type { Picture } from './picture';

/**
 * Which moment of a film a picture shows. All frames of one film have the same recipe but for `index` of the motion.
 */
export interface Motion {
  /** Frame number, 0 ≤ index < count. A fraction lies between two frames, as interpolators make them. */
  readonly index: number;
  /** Frames of the whole film, at least 1. */
  readonly count: number;
  /** The movement comes round: frame `count` would be frame 0 again. An open film never returns to where it began. */
  readonly closed: boolean;
  /**
   * The film begins with exactly this picture, scaled to cover the frame, and moves on from it; its look then comes
   * from it.
   */
  readonly start?: Picture | undefined;
  /** The last frame of an open film is this picture. */
  readonly end?: Picture | undefined;
}

/** A picture whose look an adapter forces on what is drawn. */
export interface Reference {
  /** How it was drawn; nothing for a picture that was not drawn here. */
  readonly recipe?: DrawingRecipe | undefined;
  readonly fingerprint: string;
  /** 0 leaves the drawing as it is, 1 takes all over. */
  readonly weight: number;
  readonly scope: 'face' | 'look' | 'style';
}

/** Everything a simulated picture depends on: the same recipe gives the same pixels. */
export interface DrawingRecipe {
  readonly positive: string;
  readonly negative: string;
  readonly seed: string;
  readonly steps: number;
  readonly cfg: number;
  readonly model: string;
  readonly loras: readonly string[];
  /** Place in the batch: one seed gives each picture of a batch other noise. The frames of one film share it. */
  readonly index: number;
  /** What the latent was encoded from; "" for an empty one. */
  readonly source: string;
  /** How often a sampler went over it after the first time; more passes, more detail. */
  readonly refined: number;
  /** False for a latent no sampler has touched: it decodes to grey. */
  readonly sampled: boolean;
  /** Set on the frames of a film, from the empty latent on. */
  readonly motion?: Motion | undefined;
  readonly references?: readonly Reference[] | undefined;
}

export const emptyRecipe = (index: number, source = ''): DrawingRecipe => ({
  positive: '',
  negative: '',
  seed: '0',
  steps: 0,
  cfg: 0,
  model: '',
  loras: [],
  index,
  source,
  refined: 0,
  sampled: false,
});

/** Refinement and movement keep the character, so they are not part of what the dice are thrown with. */
export function recipeRandom(recipe: DrawingRecipe, purpose: string): () => number {
  const { positive, seed, steps, cfg, model, loras, index, source } = recipe;
  const digest = createHash('sha256')
    .update(JSON.stringify([positive, seed, steps, cfg, model, loras, index, source, purpose]))
    .digest();
  return seededRandom(digest.readUInt32BE(0));
}

export function recipeFingerprint(recipe: DrawingRecipe): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
}
