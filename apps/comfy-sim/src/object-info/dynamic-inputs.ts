import { isDict, type PyDict, type PyValue } from '../python/values';
import { readSpecs, type InputSpec } from './node-class';

/**
 * Inputs that depend on the posted ones. A dynamic combo adds the inputs of the chosen option under dotted names, an
 * autogrow input stands for numbered ones. A choice that does not exist is no error here: the node misses its argument
 * at run time.
 */
export function liveInputs(specs: Iterable<InputSpec>, posted: PyDict): InputSpec[] {
  return [...specs].flatMap((spec) => {
    if (spec.type === 'COMFY_DYNAMICCOMBO_V3') return chosenInputs(spec, posted);
    if (spec.type === 'COMFY_AUTOGROW_V3') return grownInputs(spec);
    return [spec];
  });
}

function chosenInputs(spec: InputSpec, posted: PyDict): InputSpec[] {
  const options = spec.options.get('options');
  const choice = posted.get(spec.name);
  const option = Array.isArray(options)
    ? options.find((candidate) => isDict(candidate) && candidate.get('key') === choice)
    : undefined;
  if (!isDict(option ?? null)) return [];
  const inner = (option as PyDict).get('inputs') ?? null;
  const nested = isDict(inner) ? [...readSpecs(inner, 'required'), ...readSpecs(inner, 'optional')] : [];
  return [
    { ...spec, category: 'optional' },
    ...liveInputs(
      nested.map((input) => ({ ...input, name: `${spec.name}.${input.name}` })),
      posted,
    ),
  ];
}

function grownInputs(spec: InputSpec): InputSpec[] {
  const template = spec.options.get('template') ?? null;
  const input = isDict(template) ? (template.get('input') ?? null) : null;
  if (!isDict(template) || !isDict(input)) return [];
  const [kind] = [...readSpecs(input, 'required'), ...readSpecs(input, 'optional')];
  if (kind === undefined) return [];
  const least = asCount(template.get('min'));
  return namesOf(template).map((name, index) => ({
    ...kind,
    name: `${spec.name}.${name}`,
    category: index < least && spec.category === 'required' ? 'required' : 'optional',
  }));
}

function namesOf(template: PyDict): string[] {
  const names = template.get('names');
  if (Array.isArray(names)) return names.map(String);
  return Array.from(
    { length: asCount(template.get('max')) },
    (_, index) => `${String(template.get('prefix'))}${index}`,
  );
}

const asCount = (value: PyValue | undefined): number => (typeof value === 'number' ? value : 0);
