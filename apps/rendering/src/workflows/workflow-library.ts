import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, describeError, invalid } from '@tower/kit';
import { parse } from 'yaml';
import { workflowFile, workflowGraph, type Workflow } from './workflow-file';

/** The templates of `workflows/`, read and checked once at start. A broken one stops the start: half a library would fail later and elsewhere. */
export class WorkflowLibrary {
  private constructor(private readonly byName: ReadonlyMap<string, Workflow>) {}

  static async read(folder: string): Promise<WorkflowLibrary> {
    const entries = await readdir(folder, { withFileTypes: true });
    const workflows = await Promise.all(entries.filter((entry) => entry.isDirectory()).map((entry) => readWorkflow(join(folder, entry.name), entry.name)));
    return new WorkflowLibrary(new Map(workflows.map((workflow) => [workflow.file.name, workflow])));
  }

  all(): Workflow[] {
    return [...this.byName.values()];
  }

  /** Throws `workflow_unknown` naming what there is. */
  get(name: string): Workflow {
    const workflow = this.byName.get(name);
    if (workflow) return workflow;
    const known = [...this.byName.keys()].sort().join(', ');
    throw invalid('workflow_unknown', `there is no workflow ${name}; known are ${known}`, [{ pointer: '/workflow', message: `must be one of ${known}` }]);
  }

  /** The first workflow, by name, that makes this kind of thing. */
  defaultFor(jobType: string): Workflow {
    const workflow = this.all().sort((a, b) => (a.file.name < b.file.name ? -1 : 1)).find((candidate) => candidate.file.job_type === jobType);
    if (workflow) return workflow;
    throw invalid('job_type_unsupported', `no workflow makes a ${jobType}`, [{ pointer: '/job_type', message: 'no installed workflow makes this' }]);
  }
}

async function readWorkflow(folder: string, name: string): Promise<Workflow> {
  try {
    const file = workflowFile.parse(parse(await readFile(join(folder, 'workflow.yaml'), 'utf8')));
    const graph = workflowGraph.parse(JSON.parse(await readFile(join(folder, 'graph.json'), 'utf8')));
    if (file.name !== name) throw new Error(`is called ${file.name} but lies in the folder ${name}`);
    checkReferences({ file, graph });
    return { file, graph };
  } catch (error) {
    throw new AppError('invalid', 'workflow_malformed', `workflow ${name}: ${describeError(error)}`, { cause: error });
  }
}

/** Every parameter sets inputs that exist, every link and output points at a node, every preset sets known parameters. */
export function checkReferences({ file, graph }: Workflow): void {
  const wrong: string[] = [];
  for (const [name, parameter] of Object.entries(file.parameters))
    for (const { node, input } of parameter.bind) if (graph[node]?.inputs[input] === undefined) wrong.push(`parameter ${name} binds to ${node}.${input}, which is not in the graph`);
  for (const [id, node] of Object.entries(graph))
    for (const [input, value] of Object.entries(node.inputs)) if (Array.isArray(value) && graph[value[0]] === undefined) wrong.push(`${id}.${input} links to node ${value[0]}, which is not in the graph`);
  for (const output of file.outputs) if (graph[output.node]?.inputs[output.prefix_input] === undefined) wrong.push(`output ${output.node} has no input ${output.prefix_input}`);
  for (const [name, values] of Object.entries(file.presets))
    for (const key of Object.keys(values)) if (file.parameters[key] === undefined) wrong.push(`preset ${name} sets ${key}, which is not a parameter`);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
}
