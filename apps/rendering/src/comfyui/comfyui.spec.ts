import { parseComfyJson } from './comfy-json';
import { comboOptions, historyBody, queueBody } from './comfy-messages';
import { classifyExecutionError } from './failure';

describe('parseComfyJson', () => {
  it('reads what Python writes and JSON forbids', () => {
    expect(parseComfyJson('{"a":NaN,"b":[Infinity,-Infinity],"c":"NaN and \\"Infinity\\" stay text"}')).toEqual({ a: null, b: [null, null], c: 'NaN and "Infinity" stay text' });
  });

  it('still refuses what is not JSON at all', () => {
    expect(() => parseComfyJson('500 Internal Server Error')).toThrow(SyntaxError);
  });
});

describe('message shapes', () => {
  it('tolerates fields that newer servers add', () => {
    const item = [3, 'id', {}, { client_id: 'c', create_time: 1 }, ['12'], { sensitive: true }];
    expect(queueBody.parse({ queue_running: [item], queue_pending: [] }).queue_running[0]?.[1]).toBe('id');
    expect(historyBody.parse({ id: { prompt: item, outputs: {}, meta: {}, status: { status_str: 'success', completed: true, messages: [['execution_start', { timestamp: 1 }]] } } })['id']?.outputs).toEqual({});
  });

  it('reads both spellings of a combo', () => {
    expect(comboOptions([['a', 'b'], {}])).toEqual(['a', 'b']);
    expect(comboOptions(['COMBO', { options: ['c'] }])).toEqual(['c']);
    expect(comboOptions(['INT', {}])).toEqual([]);
    expect(comboOptions(undefined)).toEqual([]);
  });
});

describe('classifyExecutionError', () => {
  it.each([
    ['torch.OutOfMemoryError', 'Allocation on device \nThis error means you ran out of memory on your GPU.', 'out_of_memory'],
    ['torch.OutOfMemoryError', 'CUDA out of memory. Tried to allocate 2.00 GiB.', 'out_of_memory'],
    ['torch.OutOfMemoryError', 'HIP out of memory. Tried to allocate 6.46 GiB.', 'out_of_memory'],
    ['RuntimeError', 'CUDA error: out of memory', 'out_of_memory'],
    ['torch.AcceleratorError', 'HIP error: out of memory', 'out_of_memory'],
    ['RuntimeError', 'CUDA error: an illegal memory access was encountered', 'poisoned'],
    ['OSError', '[Errno 28] No space left on device', 'disk_full'],
    ['FileNotFoundError', "Model in folder 'upscale_models' with filename 'x' not found.", 'missing'],
    ['requests.exceptions.ConnectionError', 'HTTPSConnectionPool', 'network'],
    ['ValueError', 'bad\n', 'node_failed'],
  ])('sorts %s: %s', (exception_type, exception_message, kind) => {
    const failure = classifyExecutionError('rtx3060', { node_type: 'KSampler', exception_type, exception_message });
    expect(failure.kind).toBe(kind);
    expect(failure.error.message).toMatch(/^KSampler failed on rtx3060: /);
    expect(failure.error.hint).not.toBe('');
  });
});
