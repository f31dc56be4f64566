import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { configuredGpus } from './gpus';

describe('configuredGpus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-gpus-'));
  const file = join(folder, 'gpus.yaml');
  const missing = join(folder, 'missing.yaml');
  afterAll(() => rmSync(folder, { recursive: true }));
  const names = (TOWER_GPUS: string): string[] => configuredGpus({ TOWER_GPUS, TOWER_GPUS_FILE: missing }).map((gpu) => `${gpu.name} ${gpu.url}`);

  it('reads the short form and JSON', () => {
    expect(names('a=http://127.0.0.1:8188, b = http://h:1')).toEqual(['a http://127.0.0.1:8188', 'b http://h:1']);
    expect(names('[{"name":"a","url":"http://h:1","vendor":"amd"}]')).toEqual(['a http://h:1']);
  });

  it('reads the file, where no entry means no card', () => {
    for (const [content, count] of [['', 0], ['# nothing\n', 0], ['gpus:\n', 0], ['gpus:\n  - { name: a, url: "http://h:1" }\n', 1]] as const) {
      writeFileSync(file, content);
      expect(configuredGpus({ TOWER_GPUS_FILE: file })).toHaveLength(count);
    }
    expect(configuredGpus({ TOWER_GPUS_FILE: missing })).toEqual([]);
  });

  it('finds no card in the example that is shipped, and valid ones when its comments are taken away', async () => {
    const example = join(repositoryRoot, 'config', 'gpus.yaml');
    expect(configuredGpus({ TOWER_GPUS_FILE: example })).toEqual([]);
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(example, 'utf8');
    writeFileSync(file, text.slice(text.indexOf('# gpus:')).replace(/^# ?/gm, ''));
    expect(configuredGpus({ TOWER_GPUS_FILE: file }).map((gpu) => gpu.name)).toEqual(['rtx3060', 'rx9070xt']);
  });

  it.each(['http://127.0.0.1:8188', 'A=http://h:1', 'a=ftp://h', 'a=http://h:1,a=http://h:2', 'a=http://h:1,b=http://h:1', '[{"name":"a"}]', '[{', '[{"name":"a","url":"http://h:1","colour":"red"}]'])('refuses %j', (list) => {
    expect(() => names(list)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'gpus_invalid', message: expect.stringContaining('TOWER_GPUS') as string }));
  });

  it.each(['gpus: 7\n', 'cards: []\n', 'gpus: [\n'])('refuses the file %j and names it', (content) => {
    writeFileSync(file, content);
    expect(() => configuredGpus({ TOWER_GPUS_FILE: file })).toThrow(expect.objectContaining({ code: 'gpus_invalid', message: expect.stringContaining(file) as string }));
  });
});
