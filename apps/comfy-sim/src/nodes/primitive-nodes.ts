import type { Generation } from '../generation';
import { str } from '../python/text';
import { dict } from '../python/values';
import type { NodeBehaviour } from './node-behaviour';
import { NoiseValue, type NodeValue } from './node-value';

/** A constant as a node of its own. */
export const primitive: NodeBehaviour = { run: (call) => ({ outputs: [call.plain('value')] }) };

export const randomNoise: NodeBehaviour = {
  run: (call) => ({ outputs: [new NoiseValue(str(call.plain('noise_seed')))] }),
};

/**
 * Shows str() of whatever comes in, and passes nothing on. In newer servers it has tensors printed at greater length
 * ever after.
 */
export const previewAny = (generation: Generation): NodeBehaviour => ({
  run(call) {
    if (generation.printsMoreAfterPreviews) call.runtime.printing.edgeItems = 6;
    const source = call.inputs.get('source') ?? null;
    return { outputs: [], ui: dict({ text: [shown(source)] }) };
  },
});

function shown(value: NodeValue): string {
  const plain = value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Map;
  return plain ? str(value) : value.toString();
}
