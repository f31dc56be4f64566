/** What decides how often a model is run through for one result. */
export interface Sampled {
  /** Steps of the sampler; 0 where nothing is sampled. */
  steps: number;
  /** Null where the workflow has no such parameter. */
  cfgScale?: number | null;
}

/**
 * Passes through the model for one result: each step is computed with the prompt and without it, except where cfg is 1:
 * then only with it. A workflow whose steps do otherwise states how many each takes (`passesPerStep`, 1 or more). What
 * samples nothing counts as one pass.
 */
export const passesOf = (
  { steps, cfgScale }: Sampled,
  passesPerStep: number | undefined = cfgScale === 1 ? 1 : 2,
): number => (steps > 0 ? steps * passesPerStep : 1);
