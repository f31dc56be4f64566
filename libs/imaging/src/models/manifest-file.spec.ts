import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { modelContracts } from './contracts';
import { parseModelManifest } from './manifest';

const manifest = (): { models: Record<string, unknown>[] } =>
  parse(readFileSync(join(__dirname, '../../../../models/manifest.yaml'), 'utf8')) as {
    models: Record<string, unknown>[];
  };

describe('models/manifest.yaml', () => {
  it('is a manifest, and every entry says what goes in', () => {
    const entries = parseModelManifest(manifest());
    expect(entries.length).toBeGreaterThanOrEqual(9);
    for (const { id, input, contract } of entries) {
      const [first] = modelContracts[contract].inputs;
      expect([id, input?.shape.length]).toEqual([id, first.shape.length]);
    }
  });

  it('switches nothing on whose weights are for research only', () => {
    for (const { contract, licence, nonCommercial } of parseModelManifest(manifest()))
      if (contract === 'arcface' || contract === 'scrfd')
        expect([licence, nonCommercial]).toEqual(['non-commercial research only', true]);
  });

  it('cannot state another arithmetic than the one that is done', () => {
    const { models } = manifest();
    const [first, ...rest] = models;
    const input = { ...(first!['input'] as object), divisor: 1 };
    expect(() => parseModelManifest({ models: [{ ...first, input }, ...rest] })).toThrow(/anime-face.*input says/);
    expect(() => parseModelManifest({ models: [{ ...first, input: { ...input, layout: 'CHW' } }] })).toThrow(
      /input must be/,
    );
  });
});
