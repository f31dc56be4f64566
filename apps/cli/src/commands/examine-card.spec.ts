// Real: HTTP. The server says what the spec wants.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseGpuList, type ConfiguredGpu } from '@tower/comfyui';
import { examineCard } from './examine-card';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function card(entry: object, handler: RequestListener): Promise<ConfiguredGpu> {
  server = createServer(handler);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/comfy`;
  const [gpu] = parseGpuList([{ name: 'rtx3060', url, ...entry }], 'spec', {
    folder: '/',
    env: { SECRET: 'hush-hush' },
  });
  if (gpu === undefined) throw new Error('no card');
  return gpu;
}

const onDevice =
  (device: object, torch: string): RequestListener =>
  (request, response) => {
    if (request.url === '/comfy/models/checkpoints') return response.end('["a.safetensors"]');
    return response.end(
      JSON.stringify({ system: { comfyui_version: '0.33.0', pytorch_version: torch }, devices: [device] }),
    );
  };
const cpu = onDevice({ name: 'cpu', type: 'cpu', vram_total: 1 }, '2.13.0+cpu');
const rtx3060 = onDevice(
  { name: 'cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync', type: 'cuda', vram_total: 12_490_000_000 },
  '2.8.0+cu128',
);

describe('tower doctor about a card', () => {
  it('is content with one that is what it says', async () => {
    expect(await examineCard(await card({ vendor: 'nvidia', vram_mb: 12_288 }, rtx3060))).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining('RTX 3060') as string,
    });
  });

  it.each([
    [
      { vendor: 'amd' },
      rtx3060,
      /1 checkpoint\. rtx3060 is configured as vendor: amd, but its server computes with CUDA/,
    ],
    [{}, cpu, /rtx3060 has the name of the RTX 3060, but its server computes with the CPU/],
    [{ vram_mb: 8_192 }, rtx3060, /vram_mb: 8192, but its server's device has 11911 MiB/],
  ])('tells what %j is not', async (entry, handler, sentence) => {
    expect(await examineCard(await card(entry, handler))).toEqual({
      what: 'rtx3060',
      level: 'note',
      detail: expect.stringMatching(sentence) as string,
    });
  });

  it('compares nothing with a server that says nothing of its device', async () => {
    const silent: RequestListener = (request, response) =>
      response.end(request.url === '/comfy/models/checkpoints' ? '["a"]' : '{"system":{}}');
    expect(await examineCard(await card({ vendor: 'amd', vram_mb: 8_192 }, silent))).toMatchObject({ level: 'ok' });
  });

  it.each([
    [
      401,
      {},
      '',
      /answers 401 to \/system_stats: the credentials are wrong; correct auth\.bearer \(the variable SECRET\)/,
    ],
    [302, { location: '/login?next=x' }, '', /with a redirect to \/login\?…, which looks like a page to log in/],
    [200, {}, '<!doctype html><title>Sign in</title>', /with a web page \(“Sign in”\), which is a login/],
    [503, {}, '<html><title>Bad gateway</title>', /web page \(“Bad gateway”\) and status 503/],
    [200, {}, '{"a":1}', /something that is not ComfyUI's/],
  ])('says what to do about an answer of %i', async (status, headers, body, sentence) => {
    const gpu = await card(
      { auth: { bearer: { env: 'SECRET' } } },
      (_, response) => void response.writeHead(status, headers).end(body),
    );
    const finding = await examineCard(gpu);
    expect(finding).toEqual({ what: 'rtx3060', level: 'problem', detail: expect.stringMatching(sentence) as string });
    expect(JSON.stringify(finding)).not.toContain('hush');
  });
});
