import { parseFormula } from '../values/formula';
import { vramNames } from '../values/planned-values';
import { readsOf, type WorkflowEdit } from './workflow-edit';
import type { Workflow } from './workflow-file';

/**
 * Everything that a template points at: bindings, links, outputs, presets, formulas, edits, slots of parts. Throws with
 * every fault in one sentence.
 */
export function checkReferences(workflow: Workflow): void {
  const wrong = referenceFaults(workflow);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
}

/** The same as a list, in the order of the file. */
export function referenceFaults({ file, graph }: Workflow): string[] {
  const wrong: string[] = [];
  const used = new Set<string>();
  const has = (node: string, input: string): boolean => graph[node]?.inputs[input] !== undefined;
  const known = new Set<string>();
  for (const [name, parameter] of Object.entries(file.parameters))
    if (parameter.type !== 'text' && parameter.type !== 'choice' && parameter.type !== 'model') known.add(name);
  const formula = (text: string, where: string, more: readonly string[] = []): void => {
    try {
      for (const name of parseFormula(text).names) {
        used.add(name);
        if (!known.has(name) && !more.includes(name))
          wrong.push(`${where} reads ${name}, which is no number of this workflow`);
      }
    } catch (error) {
      wrong.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const edits = (list: readonly WorkflowEdit[], where: string): void => {
    for (const edit of list) {
      const reads = readsOf(edit);
      for (const name of reads.parameters) {
        used.add(name);
        if (file.parameters[name] === undefined)
          wrong.push(`${where} uses the parameter ${name}, which does not exist`);
      }
      for (const text of reads.formulas) formula(text, where);
    }
  };

  for (const [name, parameter] of Object.entries(file.parameters))
    for (const { node, input } of parameter.bind)
      if (!has(node, input)) wrong.push(`parameter ${name} binds to ${node}.${input}, which is not in the graph`);
  for (const [name, { formula: text, bind }] of Object.entries(file.derived)) {
    formula(text, `derived ${name}`);
    if (file.parameters[name] !== undefined) wrong.push(`derived ${name} is a parameter already`);
    for (const { node, input } of bind)
      if (!has(node, input)) wrong.push(`derived ${name} binds to ${node}.${input}, which is not in the graph`);
    known.add(name);
  }
  for (const [index, { when, edits: list }] of file.switches.entries()) {
    formula(when, `switch ${index + 1}`);
    edits(list, `switch ${index + 1}`);
  }
  for (const [index, { step, edits: list }] of file.fallbacks.entries()) {
    edits(list, `fallback ${step}`);
    if (file.fallbacks.findIndex((other) => other.step === step) !== index)
      wrong.push(`fallback ${step} is there twice`);
    if (list.length === 0 && step !== 'without_faceid') wrong.push(`fallback ${step} changes nothing`);
  }
  const { follows } = file;
  if (follows !== undefined) {
    const typeOf = (name: string): string => file.parameters[name]?.type ?? 'nothing';
    if (!['image', 'film'].includes(typeOf(follows.input)))
      wrong.push(`follows the parameter ${follows.input}, which takes no picture and no film`);
    for (const side of ['width', 'height'])
      if (typeOf(side) !== 'integer') wrong.push(`follows a size without a parameter ${side}`);
    if (follows.times !== undefined) formula(follows.times, 'follows times');
    if (follows.sound !== undefined && typeOf(follows.sound) !== 'boolean')
      wrong.push(`follows sound with ${follows.sound}, which is not true or false`);
  }
  for (const [what, text] of Object.entries(file.result)) if (text !== undefined) formula(text, `result ${what}`);
  formula(file.vram.mb, 'vram', vramNames);
  for (const [name, { bind }] of Object.entries(file.derived))
    if (bind.length === 0 && !used.has(name)) wrong.push(`derived ${name} is bound to nothing and used by nothing`);
  for (const [name, { bind }] of Object.entries(file.parameters))
    if (bind.length === 0 && !used.has(name)) wrong.push(`parameter ${name} binds to no input and is used by nothing`);

  for (const [id, node] of Object.entries(graph))
    for (const [input, value] of Object.entries(node.inputs))
      if (Array.isArray(value) && graph[value[0]] === undefined)
        wrong.push(`${id}.${input} links to node ${value[0]}, which is not in the graph`);
  const slots = [
    ...(file.parts.loras?.model ?? []),
    file.parts.loras?.clip,
    file.parts.references?.model,
    file.parts.controlnets?.positive,
    file.parts.controlnets?.negative,
  ];
  for (const slot of slots)
    if (slot !== undefined && graph[slot[0]] === undefined)
      wrong.push(`parts attach to node ${slot[0]}, which is not in the graph`);
  for (const output of file.outputs)
    if (!has(output.node, output.prefix_input)) wrong.push(`output ${output.node} has no input ${output.prefix_input}`);
  for (const [name, values] of Object.entries(file.presets))
    for (const key of Object.keys(values))
      if (file.parameters[key] === undefined) wrong.push(`preset ${name} sets ${key}, which is not a parameter`);
  return wrong;
}
