import { graphSteps, noChanges, noParts, type ParameterValues, type Parts, type Changes } from '../composition';
import type { Workflow } from '../template/workflow-file';
import { parseFormula, type FormulaScope } from './formula';
import { defaultOf } from './resolve-values';

/** Names that formulas of the `vram` section read besides parameters and derived values. */
export const vramNames = ['megapixels', 'frames', 'loras', 'references', 'controlnets', ...graphSteps] as const;

/**
 * The values after the plan's smaller sizes: each taken step scales its parameters once, down to their own step and
 * least value. A parameter without a value, because the template was younger than the job, has its default.
 */
export function plannedValues(workflow: Workflow, values: ParameterValues, plan: Changes): ParameterValues {
  const planned = { ...values };
  for (const [name, parameter] of Object.entries(workflow.file.parameters)) {
    const value = planned[name] ?? defaultOf(parameter, {});
    if (value !== undefined) planned[name] = value;
  }
  for (const step of plan.steps) {
    for (const edit of workflow.file.fallbacks.find((fallback) => fallback.step === step)?.edits ?? []) {
      if (edit.op !== 'scale_parameters') continue;
      for (const [name, { min }] of Object.entries(edit.parameters)) {
        const parameter = workflow.file.parameters[name];
        const value = planned[name];
        if (parameter?.type !== 'integer' || typeof value !== 'number' || value <= min) continue;
        const stepped =
          Math.round((value * edit.factor - parameter.remainder) / parameter.multiple_of) * parameter.multiple_of +
          parameter.remainder;
        planned[name] = Math.min(value, Math.max(min, stepped));
      }
    }
  }
  return planned;
}

/**
 * Numbers that formulas of a template read: numbers as they are, booleans and pictures as 1 or 0, then what is derived
 * from them, in order.
 */
export function scopeOf(workflow: Workflow, values: ParameterValues): Record<string, number> {
  const scope: Record<string, number> = {};
  for (const [name, parameter] of Object.entries(workflow.file.parameters)) {
    const value = values[name];
    if (
      value !== undefined &&
      (parameter.type === 'integer' || parameter.type === 'number' || parameter.type === 'boolean')
    )
      scope[name] = Number(value);
    if (parameter.type === 'image' || parameter.type === 'film')
      scope[name] = Number(value !== undefined && value !== '');
  }
  for (const [name, { formula }] of Object.entries(workflow.file.derived))
    scope[name] = parseFormula(formula).evaluate(scope);
  return scope;
}

/**
 * Megabytes (MiB) of video memory that an attempt needs by the template's formula. A prior: nobody measured it; what
 * was learnt from failures goes before it.
 */
export function vramNeedMb(
  workflow: Workflow,
  values: ParameterValues,
  parts: Parts = noParts,
  plan: Changes = noChanges,
): number {
  const scope = scopeOf(workflow, plannedValues(workflow, values, plan));
  const steps = Object.fromEntries(
    graphSteps.map((step) => [step, plan.steps.filter((taken) => taken === step).length]),
  );
  const all: FormulaScope = {
    megapixels: ((scope['width'] ?? 0) * (scope['height'] ?? 0)) / 1e6,
    frames: scope['frame_count'] ?? 1,
    loras: parts.loras.length,
    references: parts.references.length,
    controlnets: parts.controlnets.length,
    ...steps,
    ...scope,
  };
  return Math.ceil(parseFormula(workflow.file.vram.mb).evaluate(all));
}

/** What comes out, promised before anything ran. */
export interface PromisedResult {
  /** Pixels. */
  width: number;
  height: number;
  /** 1 for a picture. */
  frames: number;
  /** Frames per second; null for a picture. */
  fps: number | null;
  /** It has the sound of the film that is worked on. */
  sound: boolean;
}

/** Size, frames and speed of the result, as the template's formulas say for these values and this plan. */
export function promisedResult(workflow: Workflow, values: ParameterValues, plan: Changes = noChanges): PromisedResult {
  const scope = scopeOf(workflow, plannedValues(workflow, values, plan));
  const { width, height, frames, fps, sound } = workflow.file.result;
  const of = (formula: string): number => parseFormula(formula).evaluate(scope);
  return {
    width: of(width),
    height: of(height),
    frames: of(frames),
    fps: fps === undefined ? null : of(fps),
    sound: of(sound) !== 0,
  };
}
