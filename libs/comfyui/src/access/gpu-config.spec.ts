import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { parseGpuList, readGpuConfig } from './gpu-config';

describe('readGpuConfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-gpus-'));
  const file = join(folder, 'gpus.yaml');
  const missing = join(folder, 'missing.yaml');
  afterAll(() => rmSync(folder, { recursive: true }));
  const given = (TOWER_GPUS: string) => readGpuConfig({ TOWER_GPUS, TOWER_GPUS_FILE: missing });

  it('reads the short form and knows what the first two cards are for', () => {
    const gpus = given(' rtx3060=http://127.0.0.1:8188/, rx9070xt = http://10.0.0.7:8189');
    expect(gpus.map(({ name, url, prefers }) => [name, url, prefers[0]])).toEqual([
      ['rtx3060', 'http://127.0.0.1:8188', 'video'],
      ['rx9070xt', 'http://10.0.0.7:8189', 'image'],
    ]);
  });

  it('reads JSON, where what is said beats what is known', () => {
    const gpus = given('[{"name":"rtx3060","url":"http://h:1","prefers":["image"],"only":true,"vram_mb":12288}]');
    expect(gpus).toEqual([
      { name: 'rtx3060', url: 'http://h:1', vendor: 'unknown', prefers: ['image'], only: true, vram_mb: 12_288 },
    ]);
  });

  it('reads the file, where no entry means no card', () => {
    for (const [content, names] of [
      ['', []],
      ['# nothing\n', []],
      ['gpus:\n', []],
      ['gpus:\n  - { name: big, url: "http://h:1", vendor: amd }\n', ['big']],
    ] as const) {
      writeFileSync(file, content);
      expect(readGpuConfig({ TOWER_GPUS_FILE: file }).map((gpu) => gpu.name)).toEqual(names);
    }
    expect(readGpuConfig({ TOWER_GPUS_FILE: missing })).toEqual([]);
  });

  it('finds no card in the example that is shipped, and valid ones when its comments are taken away', () => {
    const example = join(repositoryRoot, 'config', 'gpus.yaml');
    expect(readGpuConfig({ TOWER_GPUS_FILE: example })).toEqual([]);
    const text = readFileSync(example, 'utf8');
    writeFileSync(file, text.slice(text.indexOf('# gpus:')).replace(/^# ?/gm, ''));
    expect(readGpuConfig({ TOWER_GPUS_FILE: file }).map((gpu) => gpu.name)).toEqual(['rtx3060', 'rx9070xt']);
  });

  it.each([
    ['no name', 'http://127.0.0.1:8188', /not name=http/],
    ['no address', 'rtx3060', /not name=http/],
    ['not http', 'rtx3060=ftp://h', /\/0\/url/],
    ['broken JSON', '[{', /JSON/],
    ['no address in JSON', '[{"name":"a"}]', /\/0\/url/],
    ['a field nobody knows', '[{"name":"a","url":"http://h:1","colour":"red"}]', /\/0\/colour/],
    ['a name that is no file name', 'RTX 3060=http://h:1', /\/0\/name/],
    ['one name twice', 'a=http://h:1,a=http://h:2', /two cards have the name a/],
    ['one server under two names', 'a=http://h:1,b=http://h:1/', /two cards have the url/],
    [
      'more cards than anybody has',
      Array.from({ length: 33 }, (_, index) => `g${index}=http://h:${index + 1}`).join(','),
      /32/,
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(() => given(text)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'gpus_invalid',
        message: expect.stringMatching(/^TOWER_GPUS /) as string,
      }),
    );
    expect(() => given(text)).toThrow(message);
  });

  it.each(['gpus: 7\n', 'cards: []\n', 'gpus: [\n'])('refuses the file %j and names it', (content) => {
    writeFileSync(file, content);
    expect(() => readGpuConfig({ TOWER_GPUS_FILE: file })).toThrow(
      expect.objectContaining({ code: 'gpus_invalid', message: expect.stringContaining(file) as string }),
    );
  });

  it('refuses an unknown field by name', () => {
    expect(() =>
      parseGpuList([{ name: 'a', url: 'http://h:1', speed: 9 }], 'config/gpus.yaml', { folder, env: {} }),
    ).toThrow(/^config\/gpus\.yaml .*\/0\/speed/);
  });
});
