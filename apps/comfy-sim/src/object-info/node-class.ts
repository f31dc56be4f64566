import { isDict, type PyDict, type PyValue } from '../python/values';

export interface InputSpec {
  readonly name: string;
  readonly category: 'required' | 'optional';
  /** A type name, or the options of a V1 combo. */
  readonly type: string | PyValue[];
  readonly options: PyDict;
}

/** One class as `/object_info` describes it, read once into what validation and execution ask for. */
export class NodeClass {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, InputSpec>;
  readonly hidden: ReadonlyMap<string, string>;
  readonly returnTypes: readonly string[];
  readonly isOutput: boolean;
  readonly moduleName: string;

  constructor(readonly info: PyDict) {
    this.name = String(info.get('name'));
    this.moduleName = String(info.get('python_module'));
    this.isOutput = info.get('output_node') === true;
    const output = info.get('output');
    this.returnTypes = Array.isArray(output)
      ? output.map((type) => (Array.isArray(type) ? 'COMBO' : String(type)))
      : [];
    const input = info.get('input');
    const sections = isDict(input) ? input : new Map<string, PyValue>();
    this.inputs = new Map(
      [...readSpecs(sections, 'required'), ...readSpecs(sections, 'optional')].map((spec) => [spec.name, spec]),
    );
    const hidden = sections.get('hidden');
    this.hidden = new Map(
      isDict(hidden) ? [...hidden].map(([name, kind]) => [name, String(Array.isArray(kind) ? kind[0] : kind)]) : [],
    );
  }

  /** Classes which ask for their node id cannot be answered from another node's result. */
  get wantsNodeId(): boolean {
    return [...this.hidden.values()].includes('UNIQUE_ID');
  }

  /** Its function takes whatever is posted, known or not. */
  get takesAnything(): boolean {
    return this.name === 'VHS_VideoCombine';
  }

  /** Its ui is shown although it is no output node, also when it comes from the cache. */
  get showsItsResult(): boolean {
    return this.info.get('has_intermediate_output') === true;
  }

  get isV3(): boolean {
    return (
      this.info.has('api_node') ||
      [...this.inputs.values()].some(({ type }) => type === 'COMBO' || String(type).startsWith('COMFY_'))
    );
  }
}

/** One section of an INPUT_TYPES dictionary. */
export function readSpecs(sections: PyDict, category: InputSpec['category']): InputSpec[] {
  const section = sections.get(category);
  if (!isDict(section)) return [];
  return [...section].map(([name, spec]) => {
    const [type, options] = Array.isArray(spec) ? spec : [spec];
    return {
      name,
      category,
      type: Array.isArray(type) ? type : String(type),
      options: isDict(options ?? null) ? (options as PyDict) : new Map<string, PyValue>(),
    };
  });
}
