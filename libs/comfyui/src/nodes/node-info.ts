import { z } from 'zod';

/**
 * One class as a server describes it in `/object_info`. Its inputs are kept as they came, since generations write them
 * differently (`inputsOf` reads them); unknown fields are tolerated.
 */
export const nodeInfo = z.looseObject({
  input: z
    .object({
      required: z.record(z.string(), z.unknown()).optional(),
      optional: z.record(z.string(), z.unknown()).optional(),
    })
    .default({}),
  output: z.array(z.unknown()).default([]),
  output_node: z.boolean().default(false),
  /** `nodes`, `comfy_extras.nodes_x`; of a pack `custom_nodes.` and the name of its folder. */
  python_module: z.string().optional(),
});
export type NodeInfo = z.infer<typeof nodeInfo>;
export type NodeInfos = Readonly<Record<string, NodeInfo | undefined>>;

/** An input of a class, in whichever form the server writes it. */
export interface InputInfo {
  name: string;
  required: boolean;
  /** `COMBO` for lists, else the server's type name; alternatives are separated by commas. */
  type: string;
  /** Options of a list. */
  choices: readonly unknown[] | undefined;
  min: number | undefined;
  max: number | undefined;
}

const inputSections = z.looseObject({
  required: z.record(z.string(), z.unknown()).optional(),
  optional: z.record(z.string(), z.unknown()).optional(),
});
const inputSpec = z.tuple([z.union([z.string(), z.array(z.unknown())])]).rest(z.unknown());
const inputOptions = z.looseObject({
  options: z.array(z.unknown()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  /** VideoHelperSuite: inputs that a format brings. */
  formats: z.record(z.string(), z.array(z.unknown())).optional(),
  /** Numbered inputs of newer servers. */
  template: z
    .looseObject({
      input: inputSections,
      names: z.array(z.string()).optional(),
      prefix: z.string().default(''),
      min: z.number().default(0),
      max: z.number().default(0),
    })
    .optional(),
});
const dynamicOption = z.looseObject({ key: z.unknown(), inputs: inputSections.default({}) });

type ReadSpec = Pick<InputInfo, 'type' | 'choices' | 'min' | 'max'> &
  Pick<z.infer<typeof inputOptions>, 'formats' | 'template'>;
const anything: ReadSpec = { type: '*', choices: undefined, min: undefined, max: undefined };
/** What was read once; descriptions are big and asked for often. */
const read = new WeakMap<object, ReadSpec>();

function readSpec(spec: unknown): ReadSpec {
  const known = typeof spec === 'object' && spec !== null ? read.get(spec) : undefined;
  if (known) return known;
  const parsed = inputSpec.safeParse(spec);
  if (!parsed.success || !Array.isArray(spec)) return anything;
  const [first, rawOptions] = parsed.data;
  const { options, min, max, formats, template } = inputOptions.safeParse(rawOptions ?? {}).data ?? {};
  const choices = Array.isArray(first) ? first : options;
  const result: ReadSpec = { type: Array.isArray(first) ? 'COMBO' : first, choices, min, max, formats, template };
  read.set(spec, result);
  return result;
}

/** Inputs that a class takes when these values are given: some depend on others. */
export function inputsOf(info: NodeInfo, given: Readonly<Record<string, unknown>>): InputInfo[] {
  return [...section(info.input.required, true, given), ...section(info.input.optional, false, given)];
}

function section(
  inputs: Record<string, unknown> | undefined,
  required: boolean,
  given: Readonly<Record<string, unknown>>,
  prefix = '',
): InputInfo[] {
  return Object.entries(inputs ?? {}).flatMap(([name, spec]) => expand(`${prefix}${name}`, spec, required, given));
}

function expand(name: string, spec: unknown, required: boolean, given: Readonly<Record<string, unknown>>): InputInfo[] {
  const { type, choices, min, max, formats, template } = readSpec(spec);
  if (type === 'COMFY_AUTOGROW_V3') return template ? grown(name, template, required, given) : [];
  if (type === 'COMFY_DYNAMICCOMBO_V3') return dynamic(name, choices ?? [], required, given);
  const chosen = given[name];
  const more = formats !== undefined && typeof chosen === 'string' ? (formats[chosen] ?? []) : [];
  return [
    { name, required, type, choices: type === 'COMBO' ? choices : undefined, min, max },
    ...more.flatMap(formatInput),
  ];
}

/**
 * The choice adds inputs of its own under dotted names. Required ones are not asked for: servers fill them from their
 * own defaults.
 */
function dynamic(
  name: string,
  choices: readonly unknown[],
  required: boolean,
  given: Readonly<Record<string, unknown>>,
): InputInfo[] {
  const options = choices.flatMap((choice) => {
    const option = dynamicOption.safeParse(choice);
    return option.success ? [option.data] : [];
  });
  const chosen = options.find((option) => option.key === given[name]);
  const nested = chosen
    ? [
        ...section(chosen.inputs.required, false, given, `${name}.`),
        ...section(chosen.inputs.optional, false, given, `${name}.`),
      ]
    : [];
  return [
    { name, required, type: 'COMBO', choices: options.map((option) => option.key), min: undefined, max: undefined },
    ...nested,
  ];
}

function grown(
  name: string,
  { input, names, prefix, min, max }: NonNullable<ReadSpec['template']>,
  required: boolean,
  given: Readonly<Record<string, unknown>>,
): InputInfo[] {
  const [kind] = [...Object.values(input.required ?? {}), ...Object.values(input.optional ?? {})];
  const all = names ?? Array.from({ length: max }, (_, index) => `${prefix}${index}`);
  return all.flatMap((each, index) => expand(`${name}.${each}`, kind, required && index < min, given));
}

/** A widget of a VideoHelperSuite format: its name, then its type and options as those of an input. */
function formatInput(widget: unknown): InputInfo[] {
  if (!Array.isArray(widget) || typeof widget[0] !== 'string') return [];
  return expand(widget[0], widget.slice(1), false, {});
}

/** Type of each output; lists count as `COMBO`. */
export const outputTypes = (info: NodeInfo): string[] =>
  info.output.map((type) => (Array.isArray(type) ? 'COMBO' : String(type)));
