import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGpus, readGpuConfig } from './gpu-config';

describe('readGpuConfig', () => {
  it('reads the short form and knows what the first two cards are for', async () => {
    const gpus = await readGpuConfig({ TOWER_GPUS: ' rtx3060=http://127.0.0.1:8188/, rx9070xt=http://10.0.0.7:8189', TOWER_GPUS_FILE: '/nowhere' });
    expect(gpus.map(({ name, url, prefers }) => [name, url, prefers[0]])).toEqual([['rtx3060', 'http://127.0.0.1:8188', 'video'], ['rx9070xt', 'http://10.0.0.7:8189', 'image']]);
  });

  it('reads JSON, where what is said beats what is known', async () => {
    const gpus = await readGpuConfig({ TOWER_GPUS: '[{"name":"rtx3060","url":"http://h:1","prefers":["image"],"only":true,"vram_mb":12288}]', TOWER_GPUS_FILE: '/nowhere' });
    expect(gpus[0]).toMatchObject({ prefers: ['image'], only: true, vram_mb: 12_288 });
  });

  it('reads the file, and takes a missing or empty one for no cards', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gpus-'));
    const file = join(folder, 'gpus.yaml');
    await writeFile(file, 'gpus:\n  - name: big\n    url: http://h:1\n    vendor: amd\n');
    expect((await readGpuConfig({ TOWER_GPUS_FILE: file }))[0]).toMatchObject({ name: 'big', vendor: 'amd' });
    await writeFile(file, '# nothing yet\n');
    expect(await readGpuConfig({ TOWER_GPUS_FILE: file })).toEqual([]);
    await rm(folder, { recursive: true });
    expect(await readGpuConfig({ TOWER_GPUS_FILE: file })).toEqual([]);
  });

  it.each([
    ['no address', 'rtx3060', /not name=http/],
    ['not http', 'rtx3060=ftp://h', /\/0\/url/],
    ['broken JSON', '[{', /not valid JSON/],
    ['a name that is no file name', 'RTX 3060=http://h:1', /\/0\/name/],
    ['one name twice', 'a=http://h:1,a=http://h:2', /two cards have the name a/],
    ['one server under two names', 'a=http://h:1,b=http://h:1', /two cards have the url/],
  ])('refuses %s', async (_what, text, message) => {
    await expect(readGpuConfig({ TOWER_GPUS: text, TOWER_GPUS_FILE: '/nowhere' })).rejects.toThrow(message);
  });

  it('refuses an unknown field by name', () => {
    expect(() => parseGpus([{ name: 'a', url: 'http://h:1', speed: 9 }], 'config/gpus.yaml')).toThrow(/config\/gpus\.yaml: \/0\/speed/);
  });
});
