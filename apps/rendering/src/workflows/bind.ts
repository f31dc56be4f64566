import { createHash } from 'node:crypto';
import type { FieldError } from '@tower/contracts';
import { canonicalJson } from '@tower/db';
import { AppError } from '@tower/kit';
import type { ParameterValue, ParameterValues } from './composition';
import type { Workflow, WorkflowGraph, WorkflowParameter } from './workflow-file';

export type { ParameterValue, ParameterValues };

/** What servers announced; undefined while no card was ever seen. */
export interface KnownChoices {
  checkpoints?: readonly string[] | undefined;
  samplers?: readonly string[] | undefined;
  schedulers?: readonly string[] | undefined;
}

/**
 * The value of every parameter: the request's, else the preset's, else the default. Throws `parameters_invalid` with one entry per wrong
 * parameter, naming what is allowed; `pointerOf` tells where in the request a parameter stands.
 */
export function resolveParameters(workflow: Workflow, preset: string, given: Record<string, ParameterValue | undefined>, known: KnownChoices): ParameterValues {
  const fromPreset = workflow.file.presets[preset as keyof typeof workflow.file.presets] ?? {};
  const errors: FieldError[] = [];
  const values: ParameterValues = {};
  for (const [name, parameter] of Object.entries(workflow.file.parameters)) {
    const value = given[name] ?? fromPreset[name] ?? defaultOf(parameter, known);
    const problem = value === undefined ? absent(parameter) : wrongWith(parameter, value, known);
    if (problem !== undefined) errors.push({ pointer: `/${name}`, message: problem });
    else if (value !== undefined) values[name] = value;
  }
  for (const name of Object.keys(given))
    if (given[name] !== undefined && workflow.file.parameters[name] === undefined) errors.push({ pointer: `/${name}`, message: `workflow ${workflow.file.name} has no such parameter` });
  if (errors.length === 0) return values;
  const model = errors.find((error) => error.pointer === '/model_name');
  throw new AppError('invalid', model && errors.length === 1 ? 'model_unknown' : 'parameters_invalid', errors.map((error) => `${error.pointer.slice(1)} ${error.message}`).join('; '), { fields: errors });
}

function defaultOf(parameter: WorkflowParameter, known: KnownChoices): ParameterValue | undefined {
  if (parameter.type !== 'model') return parameter.default;
  const present = known.checkpoints;
  return parameter.prefer.find((name) => present?.includes(name) ?? true) ?? present?.[0];
}

const absent = (parameter: WorkflowParameter): string => (parameter.type === 'model' ? `is needed, and no card has a file in models/${parameter.folder} to choose` : 'is needed');

/** What is wrong with a value, in words that name the limits; undefined when nothing is. */
function wrongWith(parameter: WorkflowParameter, value: ParameterValue, known: KnownChoices): string | undefined {
  switch (parameter.type) {
    case 'text':
      if (typeof value !== 'string') return 'must be text';
      return value.length > parameter.max_length ? `must have at most ${parameter.max_length} characters, together with what characters add` : undefined;
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'must be a whole number';
      if (value < parameter.min || value > parameter.max) return `must be between ${parameter.min} and ${parameter.max}`;
      return value % parameter.multiple_of === 0 ? undefined : `must be a multiple of ${parameter.multiple_of}`;
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      return value < parameter.min || value > parameter.max ? `must be between ${parameter.min} and ${parameter.max}` : undefined;
    case 'model':
      return notAmong(value, known.checkpoints, `models/${parameter.folder}`);
    case 'choice':
      return notAmong(value, known[parameter.of], parameter.of);
  }
}

const shownChoices = 20;

function notAmong(value: ParameterValue, choices: readonly string[] | undefined, what: string): string | undefined {
  if (typeof value !== 'string' || value === '') return 'must be a name';
  if (choices === undefined || choices.includes(value)) return undefined;
  if (choices.length === 0) return `${value} is not on any card; no card has a file in ${what}`;
  const shown = choices.slice(0, shownChoices).join(', ');
  return `${value} is not on any card; ${what} has ${shown}${choices.length > shownChoices ? ` and ${choices.length - shownChoices} more` : ''}`;
}

/**
 * The graph to send: a copy with every parameter set and every output's file prefix unique to this attempt, so that nothing is answered from
 * the server's cache and no two attempts write the same file.
 */
export function bindGraph(workflow: Workflow, values: ParameterValues, prefix: string): WorkflowGraph {
  const graph = structuredClone(workflow.graph);
  for (const [name, parameter] of Object.entries(workflow.file.parameters)) {
    const value = values[name];
    if (value === undefined) throw new Error(`parameter ${name} of ${workflow.file.name} has no value`);
    for (const { node, input } of parameter.bind) inputsOf(graph, node)[input] = value;
  }
  for (const output of workflow.file.outputs) inputsOf(graph, output.node)[output.prefix_input] = prefix;
  return graph;
}

function inputsOf(graph: WorkflowGraph, node: string): WorkflowGraph[string]['inputs'] {
  const found = graph[node];
  if (!found) throw new Error(`node ${node} is not in the graph`);
  return found.inputs;
}

/** Identity of a graph: sha256 of its canonical JSON, as 64 hex digits. */
export const graphSha256 = (graph: WorkflowGraph): string => createHash('sha256').update(canonicalJson(graph)).digest('hex');

/** Node classes that a server has to know. */
export const classesOf = (workflow: Workflow): string[] => [...new Set(Object.values(workflow.graph).map((node) => node.class_type))];
