import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readEmbedded, readObject } from './embedded-metadata';
import { requestOf } from './graph-request';

const folder = mkdtempSync(join(tmpdir(), 'tower-embedded-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pngWith(texts: Readonly<Record<string, string>>): string {
  const chunks = Object.entries(texts).map(([keyword, text]) => {
    const body = Buffer.from(`tEXt${keyword}\0${text}`, 'latin1');
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length - 4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  });
  const path = join(folder, 'a.png');
  writeFileSync(path, Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]));
  return path;
}

describe('what a PNG says of how it was made', () => {
  it('is read as it stands there', async () => {
    const path = pngWith({ prompt: '{"1":{"is_changed":[NaN]}}', workflow: '{"nodes":[]}', parameters: 'Steps: 20' });
    expect(await readEmbedded(path)).toEqual({
      prompt: { 1: { is_changed: [null] } },
      workflow: { nodes: [] },
      parameters: 'Steps: 20',
      omitted: [],
    });
  });

  it('is left out, and said to be, where it is too large or no object', async () => {
    const path = pngWith({
      prompt: '[1]',
      workflow: `{"a":"${'x'.repeat(200_000)}"}`,
      parameters: '\x01'.repeat(140_000),
    });
    expect(await readEmbedded(path)).toEqual({
      prompt: null,
      workflow: null,
      parameters: null,
      omitted: ['prompt', 'workflow', 'parameters'],
    });
  });
});

describe('an object of JSON as Python writes it', () => {
  it.each([
    ['{"a":NaN,"b":[Infinity,-Infinity]}', { a: null, b: [null, null] }],
    ['{"NaN":"NaN \\" Infinity"}', { NaN: 'NaN " Infinity' }],
    [`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`, expect.anything()],
  ])('%j is read', (text, value) => {
    expect(readObject(text)).toEqual(value);
  });

  it.each([
    '',
    'null',
    '1',
    '"a"',
    '[]',
    '{',
    '{"a":nan}',
    `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`,
    '['.repeat(100_000),
  ])('%j is none', (text) => {
    expect(readObject(text)).toBeNull();
  });

  it('is told from nonsense in time that grows as the text does', () => {
    const startedAt = performance.now();
    for (const text of ['\\"'.repeat(70_000), `${'\\"'.repeat(70_000)}\\`, '"'.repeat(140_000), 'N'.repeat(140_000)])
      expect(readObject(text)).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

const graph = {
  '3': {
    class_type: 'KSampler',
    inputs: {
      seed: 7,
      steps: 20,
      cfg: 7.5,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      model: ['11', 0],
      positive: ['14', 0],
      negative: ['7', 0],
      latent_image: ['15', 0],
    },
  },
  '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sd15/anything-v5.safetensors' } },
  '5': { class_type: 'EmptyLatentImage', inputs: { width: 512, height: 768, batch_size: 1 } },
  '6': { class_type: 'CLIPTextEncode', inputs: { text: ['20', 0], clip: ['11', 1] } },
  '7': { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['11', 1] } },
  '10': { class_type: 'LoraLoader', inputs: { lora_name: 'a.safetensors', strength_model: 0.8, model: ['4', 0] } },
  '11': { class_type: 'LoraLoader', inputs: { lora_name: 'b.safetensors', strength_model: 1, model: ['10', 0] } },
  '14': { class_type: 'ControlNetApplyAdvanced', inputs: { positive: ['6', 0], negative: ['7', 0] } },
  '15': { class_type: 'LatentFromBatch', inputs: { samples: ['5', 0] } },
  '20': { class_type: 'PrimitiveString', inputs: { value: 'a girl at the window' } },
};

describe('what a graph asks for', () => {
  it('is told in the fields of a request', () => {
    expect(requestOf(graph)).toEqual({
      prompt: 'a girl at the window',
      negative_prompt: '',
      model_name: 'sd15/anything-v5.safetensors',
      lora_models: [
        { name: 'a.safetensors', strength: 0.8 },
        { name: 'b.safetensors', strength: 1 },
      ],
      width: 512,
      height: 768,
      seed: 7,
      steps: 20,
      cfg_scale: 7.5,
      sampler_name: 'euler',
      scheduler: 'normal',
    });
  });

  it.each([
    ['no sampler', { '4': graph['4'] }, {}],
    ['nothing', {}, {}],
    ['nodes that are none', { a: null, b: 1, c: { class_type: 'KSampler' }, d: { class_type: 1, inputs: {} } }, {}],
    [
      'links that lead in a circle, or nowhere',
      {
        '3': { class_type: 'KSampler', inputs: { model: ['4', 0], positive: ['5', 0], latent_image: ['9', 0] } },
        '4': { class_type: 'LoraLoader', inputs: { model: ['4', 0] } },
        '5': { class_type: 'ConditioningCombine', inputs: { conditioning_1: ['5', 0] } },
      },
      {},
    ],
    [
      'values of other kinds, too long or too large',
      {
        '3': {
          class_type: 'KSamplerAdvanced',
          inputs: { noise_seed: 2 ** 60, steps: '20', cfg: ['1', 0], sampler_name: 5, positive: ['6', 0] },
        },
        '6': { class_type: 'CLIPTextEncode', inputs: { text: 'x'.repeat(4_001) } },
      },
      {},
    ],
  ])('is nothing that a form can hold for %s', (_, prompt, request) => {
    expect(requestOf(prompt)).toEqual(request);
  });
});
