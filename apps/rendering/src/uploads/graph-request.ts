import type { UploadMetadata } from '@tower/contracts';

type Request = UploadMetadata['request'];
type Node = { class: string; inputs: Readonly<Record<string, unknown>> };
type Nodes = ReadonlyMap<string, Node>;

/** Nodes that are followed along one chain; what is longer is a circle, or nothing that a form can hold. */
const maxHops = 64;
/** Characters that a field of a request may have. */
const maxText = 4_000;
const maxLoras = 16;

/**
 * What a graph of ComfyUI asks for, in the fields of `POST /generate`: of its first sampler, what is written in the
 * graph itself. What is worked out by other nodes, or stands nowhere, is left out.
 */
export function requestOf(prompt: Record<string, unknown>): Request {
  const nodes = nodesOf(prompt);
  const sampler = [...nodes.values()].find((node) => /^KSampler(Advanced)?$/.test(node.class));
  if (sampler === undefined) return {};
  const { inputs } = sampler;
  const latent = chain(nodes, inputs['latent_image'], ['samples', 'latent_image', 'latent']).find(isSized);
  return compact({
    prompt: textAt(nodes, inputs['positive']),
    negative_prompt: textAt(nodes, inputs['negative']),
    ...modelOf(nodes, inputs['model']),
    width: whole(latent?.inputs['width']),
    height: whole(latent?.inputs['height']),
    seed: whole(inputs['seed'] ?? inputs['noise_seed']),
    steps: whole(inputs['steps']),
    cfg_scale: number(inputs['cfg']),
    sampler_name: text(inputs['sampler_name']),
    scheduler: text(inputs['scheduler']),
  });
}

function nodesOf(prompt: Record<string, unknown>): Nodes {
  const nodes = new Map<string, Node>();
  for (const [id, node] of Object.entries(prompt)) {
    if (!isObject(node) || typeof node['class_type'] !== 'string' || !isObject(node['inputs'])) continue;
    nodes.set(id, { class: node['class_type'], inputs: node['inputs'] });
  }
  return nodes;
}

/** The nodes from a link on, each by the first of these inputs that it has linked. */
function chain(nodes: Nodes, from: unknown, names: readonly string[]): Node[] {
  const found: Node[] = [];
  for (let node = linked(nodes, from); node !== undefined && found.length < maxHops;) {
    found.push(node);
    const { inputs } = node;
    node = linked(nodes, inputs[names.find((name) => isLink(inputs[name])) ?? '']);
  }
  return found;
}

/** What is encoded at the end of a chain of conditionings. */
function textAt(nodes: Nodes, from: unknown): string | undefined {
  for (const { inputs } of chain(nodes, from, ['positive', 'conditioning', 'conditioning_1', 'conditioning_to'])) {
    const said = inputs['text'];
    if (typeof said === 'string') return text(said, true);
    const source = linked(nodes, said)?.inputs;
    if (source !== undefined) return text(source['text'] ?? source['value'] ?? source['string'], true);
  }
  return undefined;
}

/** The checkpoint at the end of a chain of models, and the LoRAs on the way to it. */
function modelOf(nodes: Nodes, from: unknown): Pick<Request, 'model_name' | 'lora_models'> {
  const models = chain(nodes, from, ['model']);
  const checkpoint = models.find(({ inputs }) => typeof inputs['ckpt_name'] === 'string');
  const loras = models.flatMap(({ inputs }) => {
    const [name, strength] = [text(inputs['lora_name']), number(inputs['strength_model'])];
    return name === undefined || strength === undefined ? [] : [{ name, strength }];
  });
  // The chain runs from the sampler back; people apply them in the other order.
  const applied = loras.reverse().slice(0, maxLoras);
  return compact({
    model_name: text(checkpoint?.inputs['ckpt_name']),
    lora_models: applied.length === 0 ? undefined : applied,
  });
}

const isSized = ({ inputs }: Node): boolean =>
  whole(inputs['width']) !== undefined && whole(inputs['height']) !== undefined;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isLink = (value: unknown): value is [string, number] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';

const linked = (nodes: Nodes, from: unknown): Node | undefined => (isLink(from) ? nodes.get(from[0]) : undefined);

const whole = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** A prompt may be empty; a name may not. */
const text = (value: unknown, mayBeEmpty = false): string | undefined =>
  typeof value === 'string' && value.length <= maxText && (mayBeEmpty || value !== '') ? value : undefined;

/** Without the fields that are undefined. */
function compact<Fields extends object>(fields: Fields): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}
