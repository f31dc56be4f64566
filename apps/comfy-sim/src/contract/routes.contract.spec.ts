import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { ContractSession, contractTargets } from './contract-target';
import { picture } from './graphs';

/** What is real here: a whole server, simulated or ComfyUI itself, over HTTP. */
jest.setTimeout(300_000);

describe.each(contractTargets().map((target) => [target.name, target] as const))('routes of %s', (_name, target) => {
  const session = new ContractSession(target);
  beforeAll(() => session.open());
  afterAll(() => session.close());

  /** fetch() may neither set Host nor Origin. */
  const statusWith = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(session.client.url);
      request({ host: hostname, port, path: '/prompt', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });

  it('tell of the machine and of the version', async () => {
    const stats = await session.client.json<{ system: Record<string, unknown>; devices: Record<string, unknown>[] }>(
      '/system_stats',
    );
    expect(stats.system).toMatchObject({
      os: expect.any(String) as string,
      ram_total: expect.any(Number) as number,
      ram_free: expect.any(Number) as number,
      comfyui_version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      python_version: expect.any(String) as string,
      pytorch_version: expect.any(String) as string,
      embedded_python: expect.any(Boolean) as boolean,
      argv: expect.any(Array) as string[],
    });
    expect('deploy_environment' in stats.system).toBe(session.isNew);
    for (const device of stats.devices) {
      expect(Object.keys(device).sort()).toEqual([
        'index',
        'name',
        'torch_vram_free',
        'torch_vram_total',
        'type',
        'vram_free',
        'vram_total',
      ]);
    }
  });

  it('tell what the server can', async () => {
    const features = await session.client.json<Record<string, unknown>>('/features');
    expect(features).toMatchObject({ supports_preview_metadata: true, max_upload_size: expect.any(Number) as number });
    expect('node_replacements' in features).toBe(session.isNew);
  });

  it('describe one class with the form of its inputs, and an unknown one with nothing', async () => {
    const info = await session.client.json<Record<string, Record<string, unknown>>>('/object_info/SaveImage');
    expect(info['SaveImage']).toMatchObject({
      input: {
        required: { images: ['IMAGE', expect.anything()], filename_prefix: ['STRING', { default: 'ComfyUI' }] },
        hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
      },
      input_order: { required: ['images', 'filename_prefix'], hidden: ['prompt', 'extra_pnginfo'] },
      output: session.isNew ? ['IMAGE'] : [],
      name: 'SaveImage',
      python_module: 'nodes',
      category: expect.any(String) as string,
      output_node: true,
    });
    expect(await session.client.json('/object_info/TowerNoSuchClass')).toEqual({});
  });

  it('list queue, history, models and embeddings in their forms', async () => {
    expect(await session.client.json('/queue')).toEqual({
      queue_running: expect.any(Array) as unknown[],
      queue_pending: expect.any(Array) as unknown[],
    });
    expect(await session.client.json('/prompt')).toEqual({
      exec_info: { queue_remaining: expect.any(Number) as number },
    });
    expect(await session.client.json('/models')).toEqual(
      expect.arrayContaining(['checkpoints', 'loras', 'vae', 'upscale_models']),
    );
    expect(await session.client.json('/models/checkpoints')).toEqual(expect.any(Array));
    expect((await session.client.fetch('/models/tower-no-such')).status).toBe(404);
    expect(await session.client.json('/embeddings')).toEqual(expect.any(Array));
    expect(await session.client.json(`/history/${randomUUID()}`)).toEqual({});
    expect(await session.client.json('/history?max_items=0')).toEqual({});
    const { entries } = await session.client.json<{ entries: { t: string; m: string }[] }>('/internal/logs/raw');
    expect(Object.keys(entries[0] ?? {})).toEqual(['t', 'm']);
  });

  it('stand under /api too, but for /internal', async () => {
    expect((await session.client.fetch('/api/prompt')).status).toBe(200);
    expect((await session.client.fetch('/api/internal/logs/raw')).status).toBe(404);
  });

  it('answer what they do not know with 404 or 405', async () => {
    const unknown = await session.client.fetch(`/tower-${randomUUID()}`);
    expect([unknown.status, await unknown.text()]).toEqual([404, '']);
    const posted = await session.client.postJson('/tower-no-such', {});
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET,HEAD']);
    expect((await session.client.fetch('/interrupt')).status).toBe(404);
    const wrong = await session.client.fetch('/prompt', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET,HEAD,POST']);
    expect((await session.client.fetch('/prompt', { method: 'OPTIONS' })).status).toBe(200);
    expect((await session.client.fetch('/queue', { method: 'HEAD' })).status).toBe(200);
  });

  it('answer with plain text and hang up when they fail', async () => {
    const broken = await session.client.fetch('/prompt', { method: 'POST', body: '{' });
    expect([broken.status, broken.headers.get('content-type'), broken.headers.get('connection')]).toEqual([
      500,
      'text/plain; charset=utf-8',
      'close',
    ]);
    expect(await broken.text()).toBe('500 Internal Server Error\n\nServer got itself in trouble');
    expect((await session.client.fetch('/history?max_items=x')).status).toBe(500);
  });

  it('refuse a page of another origin on a loopback address', async () => {
    const { host } = new URL(session.client.url);
    const statuses = await Promise.all(
      ['http://evil.example', 'null', `http://${host}`].map((origin) => statusWith({ origin, host })),
    );
    expect(statuses).toEqual([403, 200, 200]);
    expect(await statusWith({ 'sec-fetch-site': 'cross-site', host })).toBe(session.isNew ? 403 : 200);
  });

  it('know jobs in the newer version only', async () => {
    const { promptId } = await session.client.post(picture(`${session.folder}/job`));
    await session.client.settled(promptId);
    const response = await session.client.fetch(`/api/jobs/${promptId}`);
    expect(response.status).toBe(session.isNew ? 200 : 404);
    if (!session.isNew) return;
    expect(await response.json()).toMatchObject({
      id: promptId,
      status: 'completed',
      outputs_count: 1,
      preview_output: { nodeId: '2', mediaType: 'images', type: 'output' },
      create_time: expect.any(Number) as number,
      execution_start_time: expect.any(Number) as number,
      execution_end_time: expect.any(Number) as number,
    });
    const cancelled = await session.client.postJson(`/api/jobs/${randomUUID()}/cancel`, {});
    expect(await cancelled.json()).toEqual({ cancelled: false });
    expect(await (await session.client.fetch('/api/jobs?status=nope')).json()).toMatchObject({
      error: expect.stringContaining('Invalid status value') as string,
    });
  });
});
