import type { GraphValue, PromptGraph } from '@tower/comfyui';
import { z } from 'zod';
import type { ParameterValues } from '../composition';
import { addNode, dropInput, insertAfter, relink, replaceNode, setInput, type NodeInputs } from '../graph/graph-edit';
import { parseFormula, type FormulaScope } from '../values/formula';

const slot = z.tuple([z.string(), z.int().min(0)]);
/** A literal, a link to [node, output], a parameter's value, or what a formula gives. */
const editValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  slot,
  z.strictObject({ parameter: z.string() }),
  z.strictObject({ formula: z.string() }),
]);
type EditValue = z.infer<typeof editValue>;
const inputs = z.record(z.string(), editValue).default({});

/** One change of a graph, as `workflow.yaml` writes it. */
export const workflowEdit = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('set_input'), node: z.string(), input: z.string(), value: editValue }),
  z.strictObject({ op: z.literal('drop_input'), node: z.string(), input: z.string() }),
  /** Everything that reads `from` reads `to` instead. */
  z.strictObject({ op: z.literal('relink'), from: slot, to: slot }),
  z.strictObject({ op: z.literal('add_node'), node: z.string(), class_type: z.string(), inputs }),
  /** Another class in a node's place; the inputs in `keep` stay as they are. */
  z.strictObject({
    op: z.literal('replace_node'),
    node: z.string(),
    class_type: z.string(),
    inputs,
    keep: z.array(z.string()).default([]),
  }),
  /** A new node reads `after` in `input`; what read `after` reads the new node's first output. */
  z.strictObject({
    op: z.literal('insert_after'),
    after: slot,
    node: z.string(),
    class_type: z.string(),
    input: z.string(),
    inputs,
  }),
  /** Parameters become smaller by `factor`, down to `min`, each a multiple of its own step. */
  z.strictObject({
    op: z.literal('scale_parameters'),
    factor: z.number().gt(0).lt(1),
    parameters: z.record(z.string(), z.strictObject({ min: z.number() })),
  }),
]);
export type WorkflowEdit = z.infer<typeof workflowEdit>;

/** Applies an edit to the graph. `scale_parameters` changes no graph: it has its effect before parameters are bound. */
export function applyEdit(graph: PromptGraph, edit: WorkflowEdit, values: ParameterValues, scope: FormulaScope): void {
  const valueOf = (value: EditValue): GraphValue => {
    if (typeof value !== 'object' || Array.isArray(value)) return value;
    if ('formula' in value) return parseFormula(value.formula).evaluate(scope);
    const given = values[value.parameter];
    if (given === undefined) throw new Error(`an edit needs the parameter ${value.parameter}, which has no value`);
    return given;
  };
  const inputsOf = (given: Record<string, EditValue>): NodeInputs =>
    Object.fromEntries(Object.entries(given).map(([input, value]) => [input, valueOf(value)]));
  switch (edit.op) {
    case 'set_input':
      return setInput(graph, edit.node, edit.input, valueOf(edit.value));
    case 'drop_input':
      return dropInput(graph, edit.node, edit.input);
    case 'relink':
      relink(graph, edit.from, edit.to, [edit.to[0]]);
      return;
    case 'add_node':
      addNode(graph, edit.node, edit.class_type, inputsOf(edit.inputs));
      return;
    case 'replace_node':
      return replaceNode(graph, edit.node, edit.class_type, inputsOf(edit.inputs), edit.keep);
    case 'insert_after':
      insertAfter(graph, edit.after, {
        id: edit.node,
        classType: edit.class_type,
        input: edit.input,
        inputs: inputsOf(edit.inputs),
      });
      return;
    case 'scale_parameters':
      return;
  }
}

/** Parameters and formulas that an edit reads. */
export function readsOf(edit: WorkflowEdit): { parameters: string[]; formulas: string[] } {
  const values: EditValue[] =
    edit.op === 'set_input' ? [edit.value] : 'inputs' in edit ? Object.values(edit.inputs) : [];
  const isReading = (value: EditValue): value is { parameter: string } | { formula: string } =>
    typeof value === 'object' && !Array.isArray(value);
  const reading = values.filter(isReading);
  return {
    parameters: [
      ...reading.flatMap((value) => ('parameter' in value ? [value.parameter] : [])),
      ...(edit.op === 'scale_parameters' ? Object.keys(edit.parameters) : []),
    ],
    formulas: reading.flatMap((value) => ('formula' in value ? [value.formula] : [])),
  };
}
