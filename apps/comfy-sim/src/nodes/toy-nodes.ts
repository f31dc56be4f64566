import type { Generation } from '../generation';
import { parseJson } from '../python/json';
import { PyError } from '../python/errors';
import { PyBytes, PyFloat, dict, type PyDict, type PyValue } from '../python/values';
import { Interrupted } from '../execution/interruption';
import { outOfMemory } from '../execution/execution-failure';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ExecutionBlocker, ImageValue } from './node-value';

/** Small nodes for rare things, as the recorded servers had them. Their milliseconds are real ones. */
export function toyBehaviours(generation: Generation): Map<string, NodeBehaviour> {
  return new Map<string, NodeBehaviour>([
    ['ToyTicks', { run: ticks }],
    ['ToyHang', { run: async (call) => pass(call, () => call.runtime.pause(call.int('ms'))) }],
    ['ToySwallow', { run: async (call) => (generation.interruptCanBeSwallowed ? swallow(call) : ticks(call)) }],
    ['ToyRaise', { run: (call) => raise(call.text('kind')) }],
    [
      'ToyBlock',
      {
        run: (call) => ({ outputs: [new ExecutionBlocker(call.text('message') === '' ? null : call.text('message'))] }),
      },
    ],
    ['ToyOutNoUi', { run: () => ({ outputs: [] }) }],
    [
      'ToyUiNaN',
      {
        run: () => ({
          outputs: [],
          ui: dict({
            stats: [new PyFloat(NaN), new PyFloat(Infinity), new PyFloat(-Infinity)],
            big: [18446744073709551615n],
            text: ['ok'],
          }),
        }),
      },
    ],
    ['ToyUiBad', { run: () => ({ outputs: [], ui: dict({ raw: [new PyBytes(3)] }) }) }],
    ['ToyExpand', { run: expand }],
    ['ToyAsync', { isAsync: true, run: async (call) => pass(call, () => call.runtime.pause(call.int('ms'))) }],
  ]);
}

const image = (call: NodeCall): ImageValue => call.value('image', ImageValue);

async function pass(call: NodeCall, wait: () => Promise<void>): Promise<{ outputs: [ImageValue] }> {
  await wait();
  return { outputs: [image(call)] };
}

async function ticks(call: NodeCall): Promise<{ outputs: [ImageValue] }> {
  const max = call.int('ticks');
  for (let value = 1; value <= max; value += 1) {
    await call.runtime.pause(call.int('ms'));
    await call.runtime.tick(value, max);
  }
  return { outputs: [image(call)] };
}

/** `except Exception` around its ticks: an interrupt is used up without effect. */
async function swallow(call: NodeCall): Promise<{ outputs: [ImageValue] }> {
  const max = call.int('ticks');
  for (let value = 1; value <= max; value += 1) {
    await call.runtime.pause(call.int('ms'));
    try {
      await call.runtime.tick(value, max);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      call.runtime.log('ToySwallow: swallowed an interrupt');
    }
  }
  return { outputs: [image(call)] };
}

function raise(kind: string): never {
  switch (kind) {
    case 'oom':
      throw new PyError(outOfMemory, 'CUDA out of memory. Tried to allocate 2.00 GiB.');
    case 'disk':
      throw new PyError('OSError', '[Errno 28] No space left on device');
    default:
      throw new PyError('ValueError', 'toy failure');
  }
}

function expand(call: NodeCall): { nodes: PyDict; outputs: PyValue[] } {
  const nodes: PyDict = new Map();
  const link = call.prompt.get(call.id) as PyDict;
  let last = (link.get('inputs') as PyDict).get('image') as PyValue;
  const add = (classType: string, inputs: Record<string, PyValue>): void => {
    const id = `${call.id}.0.0.${nodes.size + 1}`;
    nodes.set(id, dict({ class_type: classType, inputs: dict({ image: last, ...inputs }) }));
    last = [id, 0];
  };
  for (let count = 0; count < call.int('n'); count += 1) add('ToyTicks', { ticks: 2, ms: 30 });
  if (call.flag('bad')) add('ToyRaise', { kind: 'value' });
  return { nodes, outputs: [last] };
}

const describe = (name: string, inputs: string, output: string[], isOutput = false): PyDict => {
  const names = [...inputs.matchAll(/"(\w+)": \[/g)].map((match) => match[1] ?? '');
  const outputs = JSON.stringify(output);
  const areLists = JSON.stringify(output.map(() => false));
  return parseJson(`{
  "input": {"required": {"image": ["IMAGE"]${inputs === '' ? '' : `, ${inputs}`}}},
  "input_order": {"required": ${JSON.stringify(['image', ...names])}},
  "output": ${outputs}, "output_is_list": ${areLists}, "output_name": ${outputs},
  "name": "${name}", "display_name": "${name}", "description": "",
  "python_module": "custom_nodes.toy_nodes", "category": "toy", "output_node": ${isOutput}
}`) as PyDict;
};

const count = '["INT", {"default": 5, "min": 1, "max": 100000}]';

export function toyObjectInfo(): PyDict {
  return new Map(
    [
      describe('ToyTicks', `"ticks": ${count}, "ms": ${count}`, ['IMAGE']),
      describe('ToyHang', `"ms": ${count}`, ['IMAGE']),
      describe('ToySwallow', `"ticks": ${count}, "ms": ${count}`, ['IMAGE']),
      describe('ToyRaise', '"kind": ["STRING", {"default": "value"}]', ['IMAGE']),
      describe('ToyBlock', '"message": ["STRING", {"default": ""}]', ['IMAGE']),
      describe('ToyOutNoUi', '', [], true),
      describe('ToyUiNaN', '"lim": ["FLOAT", {"default": Infinity, "max": Infinity, "min": -Infinity}]', [], true),
      describe('ToyUiBad', '', [], true),
      describe('ToyExpand', `"n": ${count}, "bad": ["BOOLEAN", {"default": false}]`, ['IMAGE']),
      describe('ToyAsync', `"ms": ${count}`, ['IMAGE']),
    ].map((info): [string, PyDict] => [String(info.get('name')), info]),
  );
}
