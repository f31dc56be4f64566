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
export function referenceFaults(workflow: Workflow): string[] {
  return new ReferenceCheck(workflow).faults();
}

/** What is read and what is known grows on the way through the file: a derived value may read those before it. */
class ReferenceCheck {
  private readonly wrong: string[] = [];
  /** Parameters and derived values that something reads. */
  private readonly used = new Set<string>();
  /** Numbers that a formula may read, by now. */
  private readonly known: Set<string>;

  constructor(private readonly workflow: Workflow) {
    const numbers = Object.entries(workflow.file.parameters).filter(
      ([, { type }]) => type !== 'text' && type !== 'choice' && type !== 'model',
    );
    this.known = new Set(numbers.map(([name]) => name));
  }

  faults(): string[] {
    const { file } = this.workflow;
    this.checkBindings();
    this.checkAlternatives();
    this.checkFollowed();
    if (file.passes_per_step !== undefined && file.parameters['steps'] === undefined)
      this.wrong.push('passes_per_step is stated, but there is no parameter steps that it could be the passes of');
    for (const [what, text] of Object.entries(file.result))
      if (text !== undefined) this.readFormula(text, `result ${what}`);
    this.readFormula(file.vram.mb, 'vram', vramNames);
    this.checkUse();
    this.checkGraph();
    this.checkPresets();
    return this.wrong;
  }

  private has(node: string, input: string): boolean {
    return this.workflow.graph[node]?.inputs[input] !== undefined;
  }

  private readFormula(text: string, where: string, more: readonly string[] = []): void {
    try {
      for (const name of parseFormula(text).names) {
        this.used.add(name);
        if (!this.known.has(name) && !more.includes(name))
          this.wrong.push(`${where} reads ${name}, which is no number of this workflow`);
      }
    } catch (error) {
      this.wrong.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private readEdits(list: readonly WorkflowEdit[], where: string): void {
    for (const edit of list) {
      const reads = readsOf(edit);
      for (const name of reads.parameters) {
        this.used.add(name);
        if (this.workflow.file.parameters[name] === undefined)
          this.wrong.push(`${where} uses the parameter ${name}, which does not exist`);
      }
      for (const text of reads.formulas) this.readFormula(text, where);
    }
  }

  private checkBindings(): void {
    const { file } = this.workflow;
    for (const [name, parameter] of Object.entries(file.parameters))
      for (const { node, input } of parameter.bind)
        if (!this.has(node, input))
          this.wrong.push(`parameter ${name} binds to ${node}.${input}, which is not in the graph`);
    for (const [name, { formula, bind }] of Object.entries(file.derived)) {
      this.readFormula(formula, `derived ${name}`);
      if (file.parameters[name] !== undefined) this.wrong.push(`derived ${name} is a parameter already`);
      for (const { node, input } of bind)
        if (!this.has(node, input))
          this.wrong.push(`derived ${name} binds to ${node}.${input}, which is not in the graph`);
      this.known.add(name);
    }
  }

  /** Switches and fallbacks: what changes the graph. */
  private checkAlternatives(): void {
    const { file } = this.workflow;
    for (const [index, { when, edits }] of file.switches.entries()) {
      this.readFormula(when, `switch ${index + 1}`);
      this.readEdits(edits, `switch ${index + 1}`);
    }
    for (const [index, { step, edits }] of file.fallbacks.entries()) {
      this.readEdits(edits, `fallback ${step}`);
      if (file.fallbacks.findIndex((other) => other.step === step) !== index)
        this.wrong.push(`fallback ${step} is there twice`);
      if (edits.length === 0 && step !== 'without_faceid') this.wrong.push(`fallback ${step} changes nothing`);
    }
  }

  private checkFollowed(): void {
    const { follows, parameters } = this.workflow.file;
    if (follows === undefined) return;
    const typeOf = (name: string): string => parameters[name]?.type ?? 'nothing';
    if (!['image', 'film'].includes(typeOf(follows.input)))
      this.wrong.push(`follows the parameter ${follows.input}, which takes no picture and no film`);
    for (const side of ['width', 'height'])
      if (typeOf(side) !== 'integer') this.wrong.push(`follows a size without a parameter ${side}`);
    if (follows.times !== undefined) this.readFormula(follows.times, 'follows times');
    if (follows.sound !== undefined && typeOf(follows.sound) !== 'boolean')
      this.wrong.push(`follows sound with ${follows.sound}, which is not true or false`);
  }

  /** When everything has been read. */
  private checkUse(): void {
    const { derived, parameters } = this.workflow.file;
    for (const [name, { bind }] of Object.entries(derived))
      if (bind.length === 0 && !this.used.has(name))
        this.wrong.push(`derived ${name} is bound to nothing and used by nothing`);
    for (const [name, { bind }] of Object.entries(parameters))
      if (bind.length === 0 && !this.used.has(name))
        this.wrong.push(`parameter ${name} binds to no input and is used by nothing`);
  }

  private checkGraph(): void {
    const { file, graph } = this.workflow;
    for (const [id, node] of Object.entries(graph))
      for (const [input, value] of Object.entries(node.inputs))
        if (Array.isArray(value) && graph[value[0]] === undefined)
          this.wrong.push(`${id}.${input} links to node ${value[0]}, which is not in the graph`);
    const slots = [
      ...(file.parts.loras?.model ?? []),
      file.parts.loras?.clip,
      file.parts.references?.model,
      file.parts.controlnets?.positive,
      file.parts.controlnets?.negative,
    ];
    for (const slot of slots)
      if (slot !== undefined && graph[slot[0]] === undefined)
        this.wrong.push(`parts attach to node ${slot[0]}, which is not in the graph`);
    for (const output of file.outputs)
      if (!this.has(output.node, output.prefix_input))
        this.wrong.push(`output ${output.node} has no input ${output.prefix_input}`);
  }

  private checkPresets(): void {
    const { presets, parameters } = this.workflow.file;
    for (const [name, values] of Object.entries(presets))
      for (const key of Object.keys(values))
        if (parameters[key] === undefined) this.wrong.push(`preset ${name} sets ${key}, which is not a parameter`);
  }
}
