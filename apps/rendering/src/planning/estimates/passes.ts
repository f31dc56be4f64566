/** What decides how often a model is run through for one result. */
export interface Sampled {
  /** Steps of the sampler; 0 where nothing is sampled. */
  steps: number;
  /** Null where the workflow has no such parameter. */
  cfgScale?: number | null;
}

/**
 * Passes through the model for one result: each step is computed with the prompt and without it, except where cfg is 1:
 * then only with it. What samples nothing counts as one pass.
 */
export const passesOf = ({ steps, cfgScale }: Sampled): number =>
  Math.max(1, steps) * (steps > 0 && (cfgScale ?? null) !== 1 ? 2 : 1);
