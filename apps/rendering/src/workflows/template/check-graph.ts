import {
  inputsOf,
  modelFolderOf,
  outputTypes,
  readsInputFile,
  type InputInfo,
  type NodeInfo,
  type NodeInfos,
  type GraphValue,
  type PromptGraph,
} from '@tower/comfyui';
import { consumersOf, cycleOf } from '../graph/graph-edit';
import { findChoice } from '../models/card-spelling';

/** One thing that a server would refuse, drop or trip over. */
export interface GraphFault {
  /** Absent where the whole graph is meant. */
  node?: string;
  class?: string;
  input?: string;
  code:
    | 'unknown_class'
    | 'unknown_input'
    | 'missing_input'
    | 'wrong_type'
    | 'out_of_range'
    | 'not_in_list'
    | 'wrong_link'
    | 'cycle'
    | 'output_undeclared'
    | 'output_no_output'
    | 'output_missing';
  /** The fault in words. */
  message: string;
}

const isFileList = (classType: string, input: string): boolean =>
  modelFolderOf(classType, input) !== undefined || readsInputFile(classType, input);

/**
 * What is wrong with a graph for a server that describes its classes so; empty when nothing is. Lists of files are not
 * compared: what a card lacks is another question (requirements.ts). `outputs` are the nodes whose files are fetched:
 * each
 * must be an output node, and every output node must be among them. A class that is not there is named once; its inputs
 * are not looked at.
 */
export function checkGraph(graph: PromptGraph, outputs: readonly string[], infos: NodeInfos): GraphFault[] {
  const faults: GraphFault[] = [];
  for (const [id, node] of Object.entries(graph)) {
    const info = infos[node.class_type];
    if (info === undefined)
      faults.push({
        node: id,
        class: node.class_type,
        code: 'unknown_class',
        message: `node ${id}: the server has no class ${node.class_type}`,
      });
    else faults.push(...checkNode(graph, id, info, infos));
  }
  const cycle = cycleOf(graph);
  if (cycle) faults.push({ code: 'cycle', message: `nodes ${cycle.join(', ')} depend on each other` });
  return [...faults, ...checkOutputs(graph, outputs, infos)];
}

function checkNode(graph: PromptGraph, id: string, info: NodeInfo, infos: NodeInfos): GraphFault[] {
  const node = graph[id] as PromptGraph[string];
  const known = inputsOf(info, node.inputs);
  const fault = (input: string, code: GraphFault['code'], words: string): GraphFault => ({
    node: id,
    class: node.class_type,
    input,
    code,
    message: `node ${id} (${node.class_type}): ${words}`,
  });
  const faults = known
    .filter((input) => input.required && node.inputs[input.name] === undefined)
    .map((input) => fault(input.name, 'missing_input', `needs the input ${input.name}`));
  for (const [name, value] of Object.entries(node.inputs)) {
    const input = known.find((candidate) => candidate.name === name);
    if (input === undefined) {
      // An older server ignores constants that it does not know; a link to an input that is not there would be dropped
      // silently.
      faults.push(fault(name, 'unknown_input', `has no input ${name}`));
      continue;
    }
    const problem = Array.isArray(value)
      ? checkLink(graph, value, input, infos)
      : checkLiteral(node.class_type, value, input);
    if (problem) faults.push(fault(name, problem.code, problem.words));
  }
  return faults;
}

type Problem = { code: GraphFault['code']; words: string } | undefined;

function checkLink(graph: PromptGraph, [source, slot]: [string, number], input: InputInfo, infos: NodeInfos): Problem {
  const from = graph[source];
  if (from === undefined)
    return { code: 'wrong_link', words: `${input.name} links to node ${source}, which is not in the graph` };
  const info = infos[from.class_type];
  if (info === undefined) return undefined;
  const type = outputTypes(info)[slot];
  if (type === undefined)
    return {
      code: 'wrong_link',
      words:
        `${input.name} links to output ${slot} of node ${source} ` +
        `(${from.class_type}), which has ${outputTypes(info).length}`,
    };
  const takes = input.type.split(',');
  if (type === '*' || takes.includes('*') || takes.includes(type)) return undefined;
  return {
    code: 'wrong_link',
    words: `${input.name} takes ${input.type}, but node ${source} (${from.class_type}) gives ${type} there`,
  };
}

function checkLiteral(classType: string, value: Exclude<GraphValue, [string, number]>, input: InputInfo): Problem {
  const wrong = (kind: string): Problem => ({
    code: 'wrong_type',
    words: `${input.name} takes ${kind}, not ${JSON.stringify(value)}`,
  });
  switch (input.type) {
    case 'INT':
      if (typeof value !== 'number' || !Number.isInteger(value)) return wrong('a whole number');
      return outOfRange(value, input);
    case 'FLOAT':
      return typeof value === 'number' ? outOfRange(value, input) : wrong('a number');
    case 'STRING':
      return typeof value === 'string' ? undefined : wrong('text');
    case 'BOOLEAN':
      return typeof value === 'boolean' ? undefined : wrong('true or false');
    case 'COMBO':
      if (isFileList(classType, input.name)) return typeof value === 'string' ? undefined : wrong('a file name');
      if (input.choices === undefined || input.choices.includes(value) || isSpeltOtherwise(value, input.choices))
        return undefined;
      return {
        code: 'not_in_list',
        words: `${input.name} has no ${JSON.stringify(value)}, but ${input.choices
          .slice(0, 12)
          .map((choice) => JSON.stringify(choice))
          .join(', ')}`,
      };
    case '*':
      return undefined;
    default:
      return wrong(`a link that gives ${input.type}`);
  }
}

/** Constants that name a file of a loader that is not among the known ones: each card gets its own spelling of them. */
const isSpeltOtherwise = (value: unknown, choices: readonly unknown[]): boolean =>
  typeof value === 'string' && findChoice(value, choices) !== undefined;

function outOfRange(value: number, { name, min, max }: InputInfo): Problem {
  if ((min === undefined || value >= min) && (max === undefined || value <= max)) return undefined;
  return { code: 'out_of_range', words: `${name} is ${value}, outside ${min ?? '−∞'} to ${max ?? '∞'}` };
}

function checkOutputs(graph: PromptGraph, outputs: readonly string[], infos: NodeInfos): GraphFault[] {
  const faults: GraphFault[] = [];
  for (const id of outputs) {
    const classType = graph[id]?.class_type;
    if (classType === undefined)
      faults.push({ node: id, code: 'output_missing', message: `the output ${id} is not in the graph` });
    else if (infos[classType]?.output_node === false)
      faults.push({
        node: id,
        class: classType,
        code: 'output_no_output',
        message: `node ${id} (${classType}) is declared as output, but saves nothing`,
      });
  }
  for (const [id, { class_type: classType }] of Object.entries(graph))
    if (!outputs.includes(id) && infos[classType]?.output_node === true && consumersOf(graph, [id, 0]).length === 0)
      faults.push({
        node: id,
        class: classType,
        code: 'output_undeclared',
        message: `node ${id} (${classType}) saves files, but is not declared as output`,
      });
  return faults;
}
