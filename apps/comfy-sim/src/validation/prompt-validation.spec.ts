import { getGeneration, type GenerationId } from '../generation';
import { NodeRegistry, readObjectInfo } from '../object-info/node-registry';
import { parseJson } from '../python/json';
import { isDict, type PyDict, type PyValue } from '../python/values';
import { validatePrompt, type PromptVerdict } from './prompt-validation';

const registries = new Map<GenerationId, NodeRegistry>();

function registryOf(id: GenerationId): NodeRegistry {
  const known =
    registries.get(id) ?? new NodeRegistry({ checkpoints: ['a.safetensors'], upscale_models: ['up.pth'] }, () => []);
  if (!registries.has(id)) known.add(readObjectInfo(id, 'core'));
  registries.set(id, known);
  return known;
}

function validate(
  prompt: object | string,
  generation: GenerationId = '0.3.64',
  targets: PyValue = null,
): PromptVerdict {
  const parsed = parseJson(typeof prompt === 'string' ? prompt : JSON.stringify(prompt));
  return validatePrompt(parsed, targets, {
    registry: registryOf(generation),
    checks: new Map(),
    generation: getGeneration(generation),
  });
}

const anImage = { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color: 0 } };
const aSave = (from: string): object => ({
  class_type: 'SaveImage',
  inputs: { images: [from, 0], filename_prefix: 'x' },
});

function errorsOf(verdict: PromptVerdict, node: string): string[] {
  const entry = verdict.nodeErrors.get(node) ?? null;
  return isDict(entry)
    ? (entry.get('errors') as PyDict[]).map((error) => `${String(error.get('type'))}: ${String(error.get('details'))}`)
    : [];
}

describe('validation of prompts', () => {
  it('accepts a whole graph and names its outputs', () => {
    expect(validate({ 1: anImage, 2: aSave('1') })).toMatchObject({ ok: true, outputs: ['2'] });
  });

  it('converts constants in place, as they will run and be remembered', () => {
    const verdict = validate(
      '{"1": {"class_type": "EmptyImage", "inputs": {"width": "16", "height": 16.7, "batch_size": true, ' +
        '"color": 0}}, "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": 5}}}',
    );
    const inputs = verdict.ok
      ? ((verdict.prompt.get('1') as PyDict).get('inputs') as PyDict)
      : new Map<string, PyValue>();
    expect([...inputs.values()]).toEqual([16, 16, 1, 0]);
  });

  it('drops a bad output silently when another is good', () => {
    const verdict = validate({
      1: anImage,
      2: aSave('1'),
      3: { class_type: 'SaveImage', inputs: { filename_prefix: 'x' } },
    });
    expect(verdict).toMatchObject({ ok: true, outputs: ['2'] });
    expect(errorsOf(verdict, '3')).toEqual(['required_input_missing: images']);
  });

  it('looks at targeted outputs only', () => {
    expect(validate({ 1: anImage, 2: aSave('1'), 3: aSave('9') }, '0.3.64', ['2'])).toMatchObject({
      ok: true,
      outputs: ['2'],
    });
  });

  it('files a fault of an ancestor under the ancestor', () => {
    expect(
      errorsOf(validate({ 1: { class_type: 'ImageInvert', inputs: { image: ['9', 0] } }, 2: aSave('1') }), '1'),
    ).toEqual(["exception_during_inner_validation: '9'"]);
  });

  it('reports a circle without a single error in 0.3.64, and names it in 0.33', () => {
    const circle = {
      1: { class_type: 'ImageInvert', inputs: { image: ['3', 0] } },
      3: { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
      2: aSave('1'),
    };
    expect(validate(circle).nodeErrors.size).toBe(0);
    expect(errorsOf(validate(circle, '0.33'), '3')).toEqual([
      'dependency_cycle: 1 (ImageInvert) -> 3 (ImageInvert) -> 1 (ImageInvert)',
    ]);
  });

  it('lets a wrong choice of a newer node pass in 0.3.64 only', () => {
    const graph = {
      1: { class_type: 'UpscaleModelLoader', inputs: { model_name: 'nope.pth' } },
      3: { class_type: 'ImageUpscaleWithModel', inputs: { upscale_model: ['1', 0], image: ['4', 0] } },
      4: anImage,
      2: aSave('3'),
    };
    expect(validate(graph).ok).toBe(true);
    expect(errorsOf(validate(graph, '0.33'), '1')).toEqual([
      "value_not_in_list: model_name: 'nope.pth' not in ['up.pth']",
    ]);
  });

  it('follows a dynamic combo to the inputs of its choice', () => {
    const resize = (inputs: object): object => ({
      1: anImage,
      5: { class_type: 'ResizeImageMaskNode', inputs: { input: ['1', 0], scale_method: 'area', ...inputs } },
      2: aSave('5'),
    });
    expect(validate(resize({ resize_type: 'scale by multiplier', 'resize_type.multiplier': 2 }), '0.33').ok).toBe(true);
    expect(errorsOf(validate(resize({ resize_type: 'scale by multiplier' }), '0.33'), '5')).toEqual([
      'required_input_missing: multiplier',
    ]);
    expect(validate(resize({ resize_type: 'no such' }), '0.33').ok).toBe(true);
  });

  it.each([['null'], ['[1]'], ['"x"'], ['{"1": null}']])('breaks on %s, which the route answers with 500', (prompt) => {
    expect(() => validate(prompt)).toThrow();
  });

  it('names a class it does not know, each generation in its own way', () => {
    const graph = { 1: { class_type: 'NoSuchNode', inputs: {}, _meta: { title: 'Mine' } } };
    const [older, newer] = [validate(graph), validate(graph, '0.33')].map((verdict) =>
      verdict.ok ? undefined : verdict.error,
    );
    expect(older?.get('type')).toBe('invalid_prompt');
    expect(newer?.get('type')).toBe('missing_node_type');
    expect(newer?.get('message')).toBe("Node 'Mine' not found. The custom node may not be installed.");
  });
});
