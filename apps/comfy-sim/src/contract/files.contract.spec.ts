import { filesOf, type Graph } from './comfy-client';
import { ContractSession, contractTargets } from './contract-target';
import { picture } from './graphs';

/** What is real here: a whole server, simulated or ComfyUI itself, over HTTP. */
jest.setTimeout(300_000);

describe.each(contractTargets().map((target) => [target.name, target] as const))('files of %s', (_name, target) => {
  const session = new ContractSession(target);
  beforeAll(() => session.open());
  afterAll(() => session.close());
  /** The server takes anything for a picture. */
  const bytes = (fill: number): Buffer => Buffer.alloc(300, fill);
  const upload = async (
    name: string,
    fill: number,
    fields: Record<string, string> = {},
  ): Promise<{ name: string; subfolder: string; type: string }> => {
    const response = await session.client.upload(name, bytes(fill), { subfolder: session.folder, ...fields });
    expect(response.status).toBe(200);
    return (await response.json()) as { name: string; subfolder: string; type: string };
  };

  it('keep the name of an upload, and number another of the same name', async () => {
    expect(await upload('a.bin', 1)).toEqual({ name: 'a.bin', subfolder: session.folder, type: 'input' });
    expect((await upload('a.bin', 1)).name).toBe('a.bin');
    expect((await upload('a.bin', 2)).name).toBe('a (1).bin');
    expect((await upload('a.bin', 3, { overwrite: 'true' })).name).toBe('a.bin');
    const read = await session.client.view({ filename: 'a.bin', subfolder: session.folder, type: 'input' });
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes(3))).toBe(true);
  });

  it('refuse uploads that are none', async () => {
    const empty = new FormData();
    empty.append('subfolder', session.folder);
    expect((await session.client.fetch('/upload/image', { method: 'POST', body: empty })).status).toBe(400);
    expect((await session.client.upload('x.bin', bytes(1), { subfolder: '../../..' })).status).toBe(400);
    expect((await session.client.upload('x.bin', bytes(1), { type: 'tower' })).status).toBe(500);
  });

  it('come in parts, by tag, and as a preview', async () => {
    const [file] = filesOf(await session.client.run(picture(`${session.folder}/view`, { size: 48 })), '2');
    if (file === undefined) throw new Error('no file');
    const whole = await session.client.view(file);
    const png = Buffer.from(await whole.arrayBuffer());
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('content-disposition')]).toEqual([
      200,
      'image/png',
      `filename="${file.filename}"`,
    ]);
    expect(whole.headers.get('x-content-type-options')).toBe(session.isNew ? 'nosniff' : null);
    expect([png.subarray(1, 4).toString('latin1'), png.readUInt32BE(16)]).toEqual(['PNG', 48]);
    expect(png.subarray(-8, -4).toString('latin1')).toBe('IEND');
    expect(png.includes('"class_type": "SaveImage"')).toBe(true);
    const path = `/view?${new URLSearchParams({ ...file }).toString()}`;
    const part = await session.client.fetch(path, { headers: { range: 'bytes=1-3' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      `bytes 1-3/${png.length}`,
      'PNG',
    ]);
    const beyond = await session.client.fetch(path, { headers: { range: 'bytes=9999999-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${png.length}`]);
    expect(
      (await session.client.fetch(path, { headers: { 'if-none-match': whole.headers.get('etag') ?? '' } })).status,
    ).toBe(304);
    expect((await session.client.view(file, '&preview=jpeg;70')).headers.get('content-type')).toBe('image/jpeg');
    expect((await session.client.view(file, '&channel=rgb')).headers.get('content-type')).toBe('image/png');
  });

  it('are not found, or not given, outside their folders', async () => {
    const status = async (query: string): Promise<number> => (await session.client.fetch(`/view?${query}`)).status;
    expect(
      await Promise.all(
        [
          'filename=tower-no-such.png',
          'filename=',
          'filename=../x.png',
          'filename=x.png&type=tower',
          'filename=x.png&subfolder=../..',
          '',
        ].map(status),
      ),
    ).toEqual([404, 400, 400, 400, 403, 404]);
  });

  it('of previews lie in temp', async () => {
    const graph: Graph = { ...picture('x'), 2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } } };
    const [file] = filesOf(await session.client.run(graph), '2');
    expect(file).toMatchObject({
      type: 'temp',
      filename: expect.stringMatching(/^ComfyUI_temp_[a-z]{5}_00001_\.png$/) as string,
    });
    expect((await session.client.view(file ?? { filename: '', subfolder: '', type: '' })).status).toBe(200);
  });

  it('are loaded by the name that the upload was given', async () => {
    const [made] = filesOf(
      await session.client.run(picture(`${session.folder}/source`, { size: 24, colour: 255 })),
      '2',
    );
    const png = Buffer.from(
      await (await session.client.view(made ?? { filename: '', subfolder: '', type: '' })).arrayBuffer(),
    );
    const { name, subfolder } = (await (
      await session.client.upload('source.png', png, { subfolder: session.folder })
    ).json()) as { name: string; subfolder: string };
    const graph: Graph = {
      1: { class_type: 'LoadImage', inputs: { image: `${subfolder}/${name}` } },
      2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: `${session.folder}/loaded` } },
    };
    expect((await session.client.run(graph)).status.status_str).toBe('success');
    const missing = await session.client.post({
      ...graph,
      1: { class_type: 'LoadImage', inputs: { image: 'tower-no-such.png' } },
    });
    expect(missing.body.node_errors?.['1']?.errors).toMatchObject([
      { type: 'custom_validation_failed', details: 'image - Invalid image file: tower-no-such.png' },
    ]);
  });
});
