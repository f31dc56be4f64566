import { outOfMemory } from '../card/out-of-memory';
import { PyError } from '../python/errors';
import { str } from '../python/text';
import { PyFloat, dict, type PyDict, type PyValue } from '../python/values';
import { ImageValue, LatentValue, type NodeValue } from '../nodes/node-value';
import type { TensorPrinting } from '../pictures/tensor-text';

const oomTips =
  'This error means you ran out of memory on your GPU.\n\nTIPS: If the ' +
  'workflow worked before you might have accidentally ' +
  'set the batch_size to a large number.';

export { outOfMemory };

/** 0.3.64 knows the class only; 0.33 also the driver's own error by its words. */
export function isOutOfMemory(error: PyError, readsDriverErrors: boolean): boolean {
  return (
    error.type === outOfMemory ||
    (readsDriverErrors && error.type === 'torch.AcceleratorError' && /out of memory/i.test(error.message))
  );
}

/** The frames every failing node has above its own code. */
const frames = [
  '  File "execution.py", line 496, in execute\n    output_data, output_ui, has_subgraph, has_pending_tasks ' +
    '= await get_output_data(prompt_id, unique_id, obj, input_data_all)\n',
  '  File "execution.py", line 315, in get_output_data\n    return_values = await ' +
    '_async_map_node_over_list(prompt_id, unique_id, obj, input_data_all, obj.FUNCTION)\n',
  '  File "execution.py", line 289, in _async_map_node_over_list\n    await process_inputs(input_dict, i)\n',
  '  File "execution.py", line 277, in process_inputs\n    result = f(**inputs)\n',
];

/** The part of `execution_error` that is about the exception. */
export function toFailureView(
  error: PyError,
  inputs: ReadonlyMap<string, NodeValue>,
  isOom: boolean,
  printing: TensorPrinting,
): Record<string, PyValue> {
  return {
    exception_message: `${error.message}\n${isOom ? oomTips : ''}`,
    exception_type: error.type,
    traceback: [...frames, ...error.frames.map((frame) => `  ${frame}\n`)],
    current_inputs: formatInputs(inputs, printing),
  };
}

function formatInputs(inputs: ReadonlyMap<string, NodeValue>, printing: TensorPrinting): PyDict {
  return new Map([...inputs].map(([name, value]) => [name, [formatValue(value, printing)]]));
}

function formatValue(value: NodeValue, printing: TensorPrinting): PyValue {
  if (value instanceof ImageValue || value instanceof LatentValue) return value.toString(printing);
  if (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    value instanceof PyFloat
  )
    return value;
  if (typeof value === 'bigint') return value;
  return value instanceof Map || Array.isArray(value) ? str(value) : value.toString();
}

export function blockedView(about: Record<string, PyValue>, message: string): PyDict {
  return dict({
    ...about,
    exception_message: `Execution Blocked: ${message}`,
    exception_type: 'ExecutionBlocked',
    traceback: [],
    current_inputs: [],
    current_outputs: [],
  });
}
