import { describeError } from '@tower/kit';
import type { Composition } from './compose';
import { requirementsOf, type Requirements } from './missing';
import type { Workflow } from './workflow-file';

/** Kinds of work whose requirements are remembered at once. */
const remembered = 500;

/**
 * Requirements of waiting tasks. A queue is looked at every second and holds many tasks of few kinds, while a graph has to be composed to
 * know what it needs; texts and seeds change nothing about that.
 */
export class RequirementsMemory {
  private readonly known = new Map<string, Requirements>();

  of(workflow: Workflow, { values, parts, plan }: Pick<Composition, 'values' | 'parts' | 'plan'>): Requirements {
    const relevant = Object.entries(values).filter(([name]) => name !== 'seed' && workflow.file.parameters[name]?.type !== 'text');
    const key = JSON.stringify([workflow.file.name, workflow.file.version, relevant, parts, plan.steps]);
    const found = this.known.get(key);
    if (found) return found;
    const requirements = this.asked(workflow, { values, parts, plan });
    if (this.known.size >= remembered) this.known.clear();
    this.known.set(key, requirements);
    return requirements;
  }

  /** One job whose graph cannot be composed must not keep the others from being served. */
  private asked(workflow: Workflow, composition: Pick<Composition, 'values' | 'parts' | 'plan'>): Requirements {
    try {
      return requirementsOf(workflow, composition);
    } catch (error) {
      return { workflow: workflow.file.name, nodes: [], models: [], sought: [], fault: describeError(error) };
    }
  }
}
