import type { Generation } from '../generation';
import type { NodeRegistry } from '../object-info/node-registry';
import { PyError, typeError } from '../python/errors';
import { str, typeName } from '../python/text';
import { dict, isDict, type PyDict, type PyValue } from '../python/values';
import { NodeValidation, type CustomCheck } from './node-validation';
import { toErrorView, validationError, type ValidationError } from './prompt-error';

export type PromptVerdict =
  | { readonly ok: true; readonly prompt: PyDict; readonly outputs: readonly string[]; readonly nodeErrors: PyDict }
  | { readonly ok: false; readonly error: PyDict; readonly nodeErrors: PyDict };

export interface ValidationRules {
  readonly registry: NodeRegistry;
  readonly checks: ReadonlyMap<string, CustomCheck>;
  readonly generation: Generation;
}

const traceback = [
  '  File "execution.py", line 1011, in validate_prompt\n    m = await ' +
    'validate_inputs(prompt_id, prompt, o, validated)\n',
];

/** validate_prompt(): throws PyError where the real one does, which the route answers with a bare 500. */
export function validatePrompt(prompt: PyValue, targets: PyValue, rules: ValidationRules): PromptVerdict {
  const graph = asGraph(prompt);
  const structural = structureError(graph, rules);
  if (structural !== undefined) return refusal(structural);
  const outputs = [...graph.keys()].filter(
    (id) => rules.registry.get(classType(graph, id))?.isOutput === true && isTargeted(id, targets),
  );
  if (outputs.length === 0) return refusal(validationError('prompt_no_outputs', 'Prompt has no outputs', ''));
  return validateOutputs(graph, outputs, rules);
}

function asGraph(prompt: PyValue): PyDict {
  if (isDict(prompt)) return prompt;
  if (Array.isArray(prompt) && prompt.length === 0) return dict({});
  throw typeError(`'${typeName(prompt)}' object cannot be indexed by node`);
}

function structureError(graph: PyDict, { registry, generation }: ValidationRules): ValidationError | undefined {
  for (const [id, node] of graph) {
    if (!isDict(node) && typeof node !== 'string' && !Array.isArray(node))
      throw typeError(`argument of type '${typeName(node)}' is not iterable`);
    const type = (isDict(node) ? node.get('class_type') : undefined) ?? null;
    if (type !== null && registry.has(String(type))) continue;
    return generation.missingNodeType ? missingNodeType(id, node, type) : invalidPrompt(id, type);
  }
  return undefined;
}

function invalidPrompt(id: string, type: PyValue): ValidationError {
  const what = type === null ? 'a node is missing the class_type property' : `node ${str(type)} does not exist`;
  return validationError('invalid_prompt', `Cannot execute because ${what}.`, `Node ID '#${id}'`);
}

function missingNodeType(id: string, node: PyValue, type: PyValue): ValidationError {
  const meta = isDict(node) ? (node.get('_meta') ?? null) : null;
  const title = (isDict(meta) ? meta.get('title') : undefined) ?? type;
  const message =
    type === null
      ? `Node '${title === null ? `ID #${id}` : str(title)}' has no class_type. The ` +
        `workflow may be corrupted or a custom node is missing.`
      : `Node '${str(title)}' not found. The custom node may not be installed.`;
  return validationError('missing_node_type', message, `Node ID '#${id}'`, {
    node_id: id,
    class_type: type,
    node_title: title,
  });
}

function isTargeted(id: string, targets: PyValue): boolean {
  if (targets === null) return true;
  if (Array.isArray(targets)) return targets.includes(id);
  if (isDict(targets)) return targets.has(id);
  if (typeof targets === 'string') return targets.includes(id);
  throw typeError(`argument of type '${typeName(targets)}' is not iterable`);
}

function classType(graph: PyDict, id: string): string {
  return String((graph.get(id) as PyDict).get('class_type'));
}

function validateOutputs(graph: PyDict, outputs: readonly string[], rules: ValidationRules): PromptVerdict {
  const validation = new NodeValidation(graph, rules.registry, rules.checks, rules.generation);
  const good: string[] = [];
  const nodeErrors: PyDict = new Map();
  const lines: string[] = [];
  for (const output of outputs) {
    const errors = outputErrors(validation, output);
    if (errors === 'none') {
      good.push(output);
      continue;
    }
    lines.push(...errors.map((error) => `${error.message}: ${error.details}`));
    collectNodeErrors(graph, validation, output, nodeErrors);
  }
  if (good.length > 0) return { ok: true, prompt: graph, outputs: good, nodeErrors };
  const error = validationError(
    'prompt_outputs_failed_validation',
    'Prompt outputs failed validation',
    lines.join('\n'),
  );
  return { ok: false, error: toErrorView(error), nodeErrors };
}

function outputErrors(validation: NodeValidation, output: string): readonly ValidationError[] | 'none' {
  try {
    const verdict = validation.check(output);
    return verdict.valid ? 'none' : verdict.errors;
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    const errors = [
      validationError('exception_during_validation', 'Exception when validating node', error.message, {
        exception_type: error.type,
        traceback: [...traceback],
      }),
    ];
    validation.verdicts.set(output, { valid: false, errors });
    return errors;
  }
}

/** Nodes that are only downstream of a fault carry no errors and are left out. */
function collectNodeErrors(graph: PyDict, validation: NodeValidation, output: string, nodeErrors: PyDict): void {
  for (const [id, verdict] of validation.verdicts) {
    if (verdict.valid || verdict.errors.length === 0) continue;
    const known = nodeErrors.get(id);
    const entry = isDict(known ?? null)
      ? (known as PyDict)
      : dict({
          errors: verdict.errors.map(toErrorView),
          dependent_outputs: [],
          class_type: classType(graph, id),
        });
    (entry.get('dependent_outputs') as PyValue[]).push(output);
    nodeErrors.set(id, entry);
  }
}

const refusal = (error: ValidationError): PromptVerdict => ({
  ok: false,
  error: toErrorView(error),
  nodeErrors: new Map(),
});
