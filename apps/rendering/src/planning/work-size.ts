import type { Changes, ParameterValues } from '../workflows/composition';
import type { Workflow } from '../workflows/template/workflow-file';
import { promisedResult } from '../workflows/values/planned-values';

/** How large one result is and how long it is sampled: what time and memory depend on. */
export interface WorkSize {
  /** Pixels. */
  width: number;
  height: number;
  /** Frames of one result; 1 for a picture. */
  frames: number;
  /** Steps of the sampler; 0 where nothing is sampled. */
  steps: number;
}

/** The size of a result that was promised, with the values that promised it where they are known. */
export type PromisedSize = Omit<WorkSize, 'steps'> & { parameters?: ParameterValues | null };

/**
 * The size that is left of a promised one when these changes apply: only `smaller_size` takes anything away, and
 * without
 * the values nothing is known of that.
 */
export function sizeUnder(workflow: Workflow, promised: PromisedSize, changes: Changes): Omit<WorkSize, 'steps'> {
  const { width, height, frames } =
    changes.steps.includes('smaller_size') && promised.parameters
      ? promisedResult(workflow, promised.parameters, changes)
      : promised;
  return { width, height, frames };
}
