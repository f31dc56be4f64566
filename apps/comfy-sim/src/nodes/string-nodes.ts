import { PyError } from '../python/errors';
import { str } from '../python/text';
import type { PyValue } from '../python/values';
import type { NodeBehaviour } from './node-behaviour';

export const stringConcatenate: NodeBehaviour = {
  run: (call) => ({ outputs: [[call.text('string_a'), call.text('string_b')].join(call.text('delimiter'))] }),
};

/** str.format() with names alone, as `{a}`. */
export const stringFormat: NodeBehaviour = {
  run(call) {
    const text = call.text('f_string').replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = call.inputs.get(`values.${name}`);
      if (value === undefined) throw new PyError('KeyError', `'${name}'`);
      return str(value as PyValue);
    });
    return { outputs: [text] };
  },
};
