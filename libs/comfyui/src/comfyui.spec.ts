import { parseComfyJson } from './comfy-json';
import { comboOptions, historyBody, queueBody } from './comfy-messages';
import { classifyExecutionError, modelOfRefusal } from './failure';

describe('parseComfyJson', () => {
  it('reads what Python writes and JSON forbids', () => {
    expect(parseComfyJson('{"a":NaN,"b":[Infinity,-Infinity],"c":"NaN and \\"Infinity\\" stay text"}')).toEqual({
      a: null,
      b: [null, null],
      c: 'NaN and "Infinity" stay text',
    });
  });

  it('still refuses what is not JSON at all', () => {
    expect(() => parseComfyJson('500 Internal Server Error')).toThrow(SyntaxError);
  });
});

describe('message shapes', () => {
  it('tolerates fields that newer servers add', () => {
    const item = [3, 'id', {}, { client_id: 'c', create_time: 1 }, ['12'], { sensitive: true }];
    expect(queueBody.parse({ queue_running: [item], queue_pending: [] }).queue_running[0]?.[1]).toBe('id');
    expect(
      historyBody.parse({
        id: {
          prompt: item,
          outputs: {},
          meta: {},
          status: { status_str: 'success', completed: true, messages: [['execution_start', { timestamp: 1 }]] },
        },
      })['id']?.outputs,
    ).toEqual({});
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
    [
      'torch.OutOfMemoryError',
      'Allocation on device \nThis error means you ran out of memory on your GPU.',
      'out_of_memory',
    ],
    ['torch.OutOfMemoryError', 'CUDA out of memory. Tried to allocate 2.00 GiB.', 'out_of_memory'],
    ['torch.OutOfMemoryError', 'HIP out of memory. Tried to allocate 6.46 GiB.', 'out_of_memory'],
    ['RuntimeError', 'CUDA error: out of memory', 'out_of_memory'],
    ['torch.AcceleratorError', 'HIP error: out of memory', 'out_of_memory'],
    ['RuntimeError', 'CUDA error: an illegal memory access was encountered', 'poisoned'],
    ['OSError', '[Errno 28] No space left on device', 'disk_full'],
    ['RuntimeError', 'CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate', 'out_of_memory'],
    ['RuntimeError', 'HIPBLAS_STATUS_ALLOC_FAILED', 'out_of_memory'],
    ['torch.cuda.OutOfMemoryError', 'CUDA out of memory.', 'out_of_memory'],
    ['RuntimeError', '[enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator', 'out_of_memory'],
    ['MemoryError', '', 'out_of_memory'],
    ['OSError', '[Errno 12] Cannot allocate memory', 'out_of_memory'],
    ['RuntimeError', 'CUDA error: device-side assert triggered', 'poisoned'],
    ['RuntimeError', 'HIP error: unspecified launch failure', 'poisoned'],
    ['av.error.OSError', '[Errno 28] No space left on device', 'disk_full'],
    ['FileNotFoundError', "Model in folder 'upscale_models' with filename 'x' not found.", 'missing_model'],
    ['Exception', 'IPAdapter model not found.', 'missing_model'],
    ['Exception', 'ClipVision model not found.', 'missing_model'],
    ['safetensors_rust.SafetensorError', 'Error while deserializing header: HeaderTooLarge', 'missing_model'],
    ['ProcessLookupError', 'ffmpeg is required for video outputs and could not be found.', 'missing_node'],
    ['Exception', 'InsightFace: No face detected.', 'no_face'],
    ['huggingface_hub.errors.LocalEntryNotFoundError', 'Cannot find the requested files', 'network'],
    ['requests.exceptions.ConnectionError', 'HTTPSConnectionPool', 'network'],
    ['ValueError', 'bad\n', 'node_failed'],
  ])('sorts %s: %s', (exception_type, exception_message, kind) => {
    const failure = classifyExecutionError('rtx3060', { node_type: 'KSampler', exception_type, exception_message });
    expect(failure.kind).toBe(kind);
    expect(failure.error.message).toMatch(/^KSampler failed on rtx3060: /);
    expect(failure.error.hint).not.toBe('');
  });
});

describe('the model that is missing', () => {
  const missing = (exception_type: string, exception_message: string) =>
    classifyExecutionError('rtx3060', { exception_type, exception_message }).model;
  const fault = (classType: string, input: string, value: string, type = 'value_not_in_list') => ({
    node: '1',
    classType,
    type,
    message: '',
    details: '',
    input,
    value,
  });

  it('is read from the words of the server, as far as they say', () => {
    expect(missing('FileNotFoundError', "Model in folder 'loras' with filename 'styles\\ink.pt' not found.")).toEqual({
      folder: 'loras',
      name: 'styles/ink.pt',
    });
    expect(missing('FileNotFoundError', "Model in folder 'upscale_models' with filename 'a b.pth' not found.")).toEqual(
      { folder: 'upscale_models', name: 'a b.pth' },
    );
    expect(missing('Exception', 'IPAdapter model not found.')).toEqual({ folder: 'ipadapter', name: null });
    expect(missing('FileNotFoundError', 'No such file or directory: /comfy/models/vae/x.safetensors')).toEqual({
      folder: 'vae',
      name: 'x.safetensors',
    });
  });

  it('is read from a refusal of the graph, and told from other refused choices', () => {
    expect(modelOfRefusal([fault('CheckpointLoaderSimple', 'ckpt_name', 'a.safetensors')])).toEqual({
      folder: 'checkpoints',
      name: 'a.safetensors',
    });
    expect(
      modelOfRefusal([fault('KSampler', 'sampler_name', 'uler'), fault('UnetLoaderGGUF', 'unet_name', 'w.gguf')]),
    ).toEqual({ folder: 'diffusion_models', name: 'w.gguf' });
    expect(modelOfRefusal([fault('KSampler', 'sampler_name', 'uler')])).toBeUndefined();
    expect(
      modelOfRefusal([fault('CheckpointLoaderSimple', 'ckpt_name', 'a.safetensors', 'invalid_input_type')]),
    ).toBeUndefined();
  });
});
