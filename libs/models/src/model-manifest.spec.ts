import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { ModelAcceptance } from './model-acceptance';
import { readModelManifest } from './model-manifest';

const folder = mkdtempSync(join(tmpdir(), 'tower-manifest-'));
const file = join(folder, 'manifest.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

describe('readModelManifest', () => {
  const entry = {
    name: 'a.safetensors',
    folder: 'vae',
    url: 'https://example.org/a.safetensors',
    source: 'a page',
    sha256: 'a'.repeat(64),
    bytes: 9,
    licence: 'MIT',
    needs_acceptance: false,
  };
  const read = (...entries: object[]) => {
    writeFileSync(file, JSON.stringify({ models: [], generation: entries }));
    return readModelManifest(file);
  };

  it('reads entries beside those of the quality networks', () => {
    expect(
      read(entry, { ...entry, folder: 'loras', url: null, sha256: null, bytes: null, note: 'by hand' }),
    ).toHaveLength(2);
  });

  it('takes a manifest without the section, or none at all, for no models', () => {
    writeFileSync(file, 'models: []\n');
    expect(readModelManifest(file)).toEqual([]);
    writeFileSync(file, '');
    expect(readModelManifest(file)).toEqual([]);
    expect(readModelManifest(join(folder, 'none.yaml'))).toEqual([]);
  });

  it.each([
    ['a path out of the folder', { name: '../a.safetensors' }, '/generation/0/name'],
    ['a folder out of models', { folder: '/etc' }, '/generation/0/folder'],
    ['plain http to another machine', { url: 'http://example.org/a.safetensors' }, '/generation/0/url'],
    ['a shortened digest', { sha256: 'abc' }, '/generation/0/sha256'],
    ['no bytes', { bytes: 0 }, '/generation/0/bytes'],
    ['an unknown field', { size: 9 }, '/generation/0/size'],
    ['no word on acceptance', { needs_acceptance: undefined }, '/generation/0/needs_acceptance'],
  ])('refuses %s and says where', (_, change, pointer) => {
    expect(() => read({ ...entry, ...change })).toThrow(
      expect.objectContaining({ code: 'model_manifest_invalid', message: expect.stringContaining(pointer) as string }),
    );
  });

  it('refuses one place twice, and text that is no YAML', () => {
    expect(() => read(entry, entry)).toThrow(/vae\/a\.safetensors is listed twice/);
    writeFileSync(file, 'generation: [\n');
    expect(() => readModelManifest(file)).toThrow(expect.objectContaining({ code: 'model_manifest_invalid' }));
  });
});

describe('ModelAcceptance', () => {
  const read = (text: string) => {
    writeFileSync(file, text);
    return ModelAcceptance.read(file);
  };

  it('accepts nothing where nothing is written', () => {
    for (const text of ['', '# accepted:\n', 'accepted:\n', 'accepted: []\n']) expect(read(text).accepted).toEqual([]);
    expect(ModelAcceptance.read(join(folder, 'none.yaml')).accepted).toEqual([]);
  });

  it('accepts exact lines, not parts of them', () => {
    const acceptance = read('accepted:\n  - Fair AI\n  - a.safetensors\n');
    expect(acceptance.covers('Fair AI', [])).toBe(true);
    expect(acceptance.covers('Fair AI 2', ['b.safetensors'])).toBe(false);
    expect(acceptance.covers('MIT', ['a.safetensors'])).toBe(true);
  });

  it.each(['accepted: yes\n', 'acepted: [MIT]\n', 'accepted: [1]\n', 'accepted: [\n'])('refuses %j', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'model_choices_invalid' }));
  });

  it('finds nothing accepted in the example that is shipped', () => {
    expect(ModelAcceptance.read(join(repositoryRoot, 'config', 'models.yaml')).accepted).toEqual([]);
  });
});
