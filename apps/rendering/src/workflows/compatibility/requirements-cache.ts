import { modelKey } from '@tower/contracts';
import { describeError } from '@tower/kit';
import type { ParameterValue } from '../composition';
import type { Composition } from '../graph/compose';
import { embeddingsIn } from '../models/prompt-embeddings';
import type { Workflow, WorkflowParameter } from '../template/workflow-file';
import { parseFormula } from '../values/formula';
import { plannedValues, scopeOf } from '../values/planned-values';
import { requirementsOf, type Requirements } from './requirements';

type Asked = Pick<Composition, 'values' | 'parts' | 'plan'>;

/** Kinds of work whose requirements are remembered at once; the one that was asked for longest ago goes first. */
const remembered = 500;

/**
 * Everything about a composition that can change which nodes and files its graph needs, as text: model files,
 * choices, what is given and what is not, which switches apply, parts and plan. Seeds, steps and strengths change
 * nothing about that, and texts no more than by the embeddings that they call for.
 */
export function requirementsKey(workflow: Workflow, { values, parts, plan }: Asked): string {
  const given = Object.entries(workflow.file.parameters).map(([name, parameter]) => relevance(parameter, values[name]));
  const loras = new Set(parts.loras.map((lora) => modelKey(lora.file)));
  const references = new Set(parts.references.map((reference) => reference.kind));
  const controlnets = new Set(parts.controlnets.map((use) => modelKey(use.file)));
  return JSON.stringify([
    workflow.file.name,
    workflow.file.version,
    given,
    switchesOf(workflow, { values, plan }),
    [...loras].sort(),
    [...references].sort(),
    [...controlnets].sort(),
    plan.steps,
    ...(parts.family === undefined ? [] : [parts.family]),
  ]);
}

function relevance(parameter: WorkflowParameter, value: ParameterValue | undefined): ParameterValue {
  switch (parameter.type) {
    case 'model':
      return typeof value === 'string' ? modelKey(value) : 'absent';
    case 'boolean':
      return value ?? 'absent';
    case 'choice':
      // The workflow's own lists may name files; samplers and schedulers are none.
      return value === undefined ? 'absent' : typeof parameter.of === 'string' ? '' : value;
    case 'image':
    case 'film':
      return value === undefined ? 'absent' : value !== '';
    case 'text':
      return typeof value === 'string' ? embeddingsIn(value).join(' ') : 'absent';
    case 'integer':
    case 'number':
      return value === undefined ? 'absent' : '';
  }
}

/** Which switches of the template apply; in place of an answer, why that cannot be said. */
function switchesOf(workflow: Workflow, { values, plan }: Pick<Asked, 'values' | 'plan'>): boolean[] | string {
  try {
    const scope = scopeOf(workflow, plannedValues(workflow, values, plan));
    return workflow.file.switches.map(({ when }) => parseFormula(when).evaluate(scope) !== 0);
  } catch (error) {
    return describeError(error);
  }
}

/**
 * Requirements of waiting tasks. A queue is looked at every second and holds many tasks of few kinds, while a graph
 * has to be composed to know what it needs.
 */
export class RequirementsCache {
  private readonly known = new Map<string, Requirements>();

  of(workflow: Workflow, asked: Asked): Requirements {
    const key = requirementsKey(workflow, asked);
    const found = this.known.get(key);
    const requirements = found ?? this.compose(workflow, asked);
    // A map keeps the order of insertion: what was asked for last stands last.
    this.known.delete(key);
    this.known.set(key, requirements);
    const [oldest] = this.known.keys();
    if (this.known.size > remembered && oldest !== undefined) this.known.delete(oldest);
    return requirements;
  }

  /** One job whose graph cannot be composed must not keep the others from being served. */
  private compose(workflow: Workflow, asked: Asked): Requirements {
    try {
      return requirementsOf(workflow, asked);
    } catch (error) {
      return { workflow: workflow.file.name, nodes: [], models: [], sought: [], fault: describeError(error) };
    }
  }
}
