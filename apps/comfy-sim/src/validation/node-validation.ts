import type { Generation } from '../generation';
import { liveInputs } from '../object-info/dynamic-inputs';
import type { InputSpec, NodeClass } from '../object-info/node-class';
import type { NodeRegistry } from '../object-info/node-registry';
import { conversions } from '../python/conversions';
import { PyError, keyError, typeError } from '../python/errors';
import { repr, str, typeName } from '../python/text';
import { isDict, isEqual, isLess, isNumeric, type PyDict, type PyValue } from '../python/values';
import { typesMatch } from './link';
import { validationError, type ValidationError } from './prompt-error';

/** VALIDATE_INPUTS of a class: the inputs it takes are not checked otherwise. Returns the complaint. */
export interface CustomCheck {
  readonly input: string;
  complaint(value: PyValue): string | undefined;
}

interface NodeVerdict {
  readonly valid: boolean;
  readonly errors: readonly ValidationError[];
}

const traceback = [
  '  File "execution.py", line 808, in validate_inputs\n    r = await ' +
    'validate_inputs(prompt_id, prompt, o_id, validated)\n',
];
/** Longer lists are not sent back: somebody's whole model folder would be in every error. */
const maxListedOptions = 20;

/**
 * validate_inputs(): one output node and all its ancestors, with the memo `verdicts` shared by the outputs of a prompt.
 */
export class NodeValidation {
  readonly verdicts = new Map<string, NodeVerdict>();
  private readonly open = new Set<string>();
  private readonly cycles = new Map<string, ValidationError>();

  constructor(
    private readonly prompt: PyDict,
    private readonly registry: NodeRegistry,
    private readonly checks: ReadonlyMap<string, CustomCheck>,
    private readonly generation: Generation,
  ) {}

  /** Throws PyError where the real function would raise; constants are converted in place. */
  check(id: string): NodeVerdict {
    const known = this.verdicts.get(id);
    if (known !== undefined) return known;
    if (this.open.has(id)) {
      this.reportCycle(id);
      return { valid: false, errors: [] };
    }
    this.open.add(id);
    try {
      const { valid, errors } = this.checkInputs(id);
      const cycle = this.cycles.get(id);
      const verdict = cycle === undefined ? { valid, errors } : { valid: false, errors: [...errors, cycle] };
      this.verdicts.set(id, verdict);
      return verdict;
    } finally {
      this.open.delete(id);
    }
  }

  /** 0.3.64 recurses until Python stops it, and then reports the whole circle as invalid without a single error. */
  private reportCycle(id: string): void {
    if (!this.generation.dependencyCycles) return;
    const path = [...this.open];
    const members = path.slice(path.indexOf(id));
    const details = [...members, id].map((member) => `${member} (${this.classOf(member).name})`).join(' -> ');
    for (const member of members) {
      this.cycles.set(
        member,
        validationError('dependency_cycle', 'Dependency cycle detected', details, {
          node_id: member,
          cycle_nodes: members,
        }),
      );
    }
  }

  classOf(id: PyValue): NodeClass {
    if (Array.isArray(id) || isDict(id)) throw typeError(`unhashable type: '${typeName(id)}'`);
    const node = typeof id === 'string' ? this.prompt.get(id) : undefined;
    if (!isDict(node ?? null)) throw typeof id === 'string' ? keyError(id) : new PyError('KeyError', repr(id));
    const found = this.registry.get(String((node as PyDict).get('class_type')));
    if (found === undefined) throw keyError(String((node as PyDict).get('class_type')));
    return found;
  }

  private checkInputs(id: string): NodeVerdict {
    const nodeClass = this.classOf(id);
    const inputs = (this.prompt.get(id) as PyDict).get('inputs');
    if (inputs === undefined) throw keyError('inputs');
    if (!isDict(inputs)) throw typeError(`argument of type '${typeName(inputs)}' is not iterable`);
    const errors: ValidationError[] = [];
    let valid = true;
    for (const spec of liveInputs(nodeClass.inputs.values(), inputs)) {
      const value = inputs.get(spec.name);
      if (value === undefined) {
        if (spec.category === 'required') {
          // Dynamic inputs are named in full beside it, and by their last part here.
          const details = spec.name.split('.').at(-1) ?? spec.name;
          errors.push(
            validationError('required_input_missing', 'Required input is missing', details, { input_name: spec.name }),
          );
        }
      } else if (Array.isArray(value)) {
        const linked = this.checkLink(spec, value);
        if (linked === 'bad ancestor') valid = false;
        else if (linked !== undefined) errors.push(linked);
      } else {
        const error = this.checkConstant(nodeClass, spec, inputs, value);
        if (error !== undefined) errors.push(error);
      }
    }
    const custom = this.customError(nodeClass, inputs);
    if (custom !== undefined) errors.push(custom);
    return { valid: valid && errors.length === 0, errors };
  }

  private checkLink(spec: InputSpec, value: PyValue[]): ValidationError | 'bad ancestor' | undefined {
    const about = { input_name: spec.name, input_config: inputConfig(spec) };
    if (value.length !== 2) {
      return validationError(
        'bad_linked_input',
        'Bad linked input, must be a length-2 list of [node_id, slot_index]',
        spec.name,
        { ...about, received_value: value },
      );
    }
    const [from, slot] = value as [PyValue, PyValue];
    const received = returnType(this.classOf(from), slot);
    if (!typesMatch(received, spec.type)) {
      const expected = typeof spec.type === 'string' ? spec.type : repr(spec.type);
      return validationError(
        'return_type_mismatch',
        'Return type mismatch between linked nodes',
        `${spec.name}, received_type(${received}) mismatch input_type(${expected})`,
        { ...about, received_type: received, linked_node: value },
      );
    }
    const ancestor = from as string;
    try {
      return this.check(ancestor).valid ? undefined : 'bad ancestor';
    } catch (error) {
      if (!(error instanceof PyError)) throw error;
      this.verdicts.set(ancestor, {
        valid: false,
        errors: [
          validationError('exception_during_inner_validation', 'Exception when validating inner node', error.message, {
            ...about,
            exception_message: error.message,
            exception_type: error.type,
            traceback: [...traceback],
            linked_node: value,
          }),
        ],
      });
      return 'bad ancestor';
    }
  }

  private checkConstant(
    nodeClass: NodeClass,
    spec: InputSpec,
    inputs: PyDict,
    posted: PyValue,
  ): ValidationError | undefined {
    let value = posted;
    // A list would be taken for a link, so clients wrap it.
    if (isDict(value) && value.has('__value__')) {
      value = value.get('__value__') as PyValue;
      inputs.set(spec.name, value);
    }
    const about = { input_name: spec.name, input_config: inputConfig(spec) };
    const convert = typeof spec.type === 'string' ? conversions[spec.type] : undefined;
    if (convert !== undefined) {
      try {
        value = convert(value);
        inputs.set(spec.name, value);
      } catch (error) {
        if (!(error instanceof PyError)) throw error;
        return validationError(
          'invalid_input_type',
          `Failed to convert an input value to a ${String(spec.type)} value`,
          `${spec.name}, ${str(value)}, ${error.message}`,
          { ...about, received_value: value, exception_message: error.message },
        );
      }
    }
    if (this.checks.get(nodeClass.name)?.input === spec.name) return undefined;
    return outOfRange(spec, value, about) ?? this.notListed(spec, value, about);
  }

  private notListed(spec: InputSpec, value: PyValue, about: Record<string, PyValue>): ValidationError | undefined {
    const options = this.optionsOf(spec);
    if (options === undefined || options.some((option) => isEqual(option, value))) return undefined;
    const long = options.length > maxListedOptions;
    const listed = long ? `(list of length ${options.length})` : repr(options);
    const shown = this.generation.combosOfV3Checked && Array.isArray(value) ? repr(value) : `'${str(value)}'`;
    return validationError('value_not_in_list', 'Value not in list', `${spec.name}: ${shown} not in ${listed}`, {
      ...about,
      input_config: long ? null : (about['input_config'] ?? null),
      received_value: value,
    });
  }

  private optionsOf(spec: InputSpec): PyValue[] | undefined {
    if (Array.isArray(spec.type)) return spec.type;
    if (spec.type !== 'COMBO' || !this.generation.combosOfV3Checked) return undefined;
    const options = spec.options.get('options');
    return Array.isArray(options) ? options : undefined;
  }

  private customError(nodeClass: NodeClass, inputs: PyDict): ValidationError | undefined {
    const check = this.checks.get(nodeClass.name);
    const value = check === undefined ? undefined : inputs.get(check.input);
    if (check === undefined || value === undefined || Array.isArray(value)) return undefined;
    const complaint = check.complaint(value);
    if (complaint === undefined) return undefined;
    return validationError(
      'custom_validation_failed',
      'Custom validation failed for node',
      `${check.input} - ${complaint}`,
      { input_name: check.input },
    );
  }
}

const inputConfig = (spec: InputSpec): PyValue[] => [spec.type, spec.options];

function returnType(nodeClass: NodeClass, slot: PyValue): string {
  if (typeof slot !== 'number' && typeof slot !== 'boolean') {
    throw typeError(`tuple indices must be integers or slices, not ${typeName(slot)}`);
  }
  const found = nodeClass.returnTypes.at(Number(slot));
  if (found === undefined) throw new PyError('IndexError', 'tuple index out of range');
  return found;
}

function outOfRange(spec: InputSpec, value: PyValue, about: Record<string, PyValue>): ValidationError | undefined {
  const min = spec.options.get('min');
  const max = spec.options.get('max');
  if (!isNumeric(value)) return undefined;
  if (min !== undefined && isNumeric(min) && isLess(value, min)) {
    return validationError('value_smaller_than_min', `Value ${str(value)} smaller than min of ${str(min)}`, spec.name, {
      ...about,
      received_value: value,
    });
  }
  if (max !== undefined && isNumeric(max) && isLess(max, value)) {
    return validationError('value_bigger_than_max', `Value ${str(value)} bigger than max of ${str(max)}`, spec.name, {
      ...about,
      received_value: value,
    });
  }
  return undefined;
}
