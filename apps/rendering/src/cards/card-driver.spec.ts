// Real: the driver and HTTP. The server is a small one that says of itself what the spec wants.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseGpuList } from '@tower/comfyui';
import type { Logger } from '@tower/kit';
import { FixedClock, waitFor } from '@tower/testing';
import { CardDriver } from './card-driver';

const rtx3060 = {
  name: 'cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync',
  type: 'cuda',
  vram_total: 12 * 1024 ** 3,
  torch: '2.8.0+cu128',
};
const cpu = { name: 'cpu', type: 'cpu', vram_total: 32 * 1024 ** 3, torch: '2.8.0+cpu' };

let server: Server;
let device: typeof cpu;
let password: string;
let logged: string[];
let driver: CardDriver;
const clock = new FixedClock();

beforeEach(async () => {
  device = rtx3060;
  password = 'right';
  logged = [];
  server = createServer((request, response) => {
    const login = `Basic ${Buffer.from(`tower:${password}`).toString('base64')}`;
    if (request.headers.authorization !== login) return response.writeHead(401).end();
    const { torch, ...shown } = device;
    const answers: Record<string, unknown> = {
      '/queue': { queue_running: [], queue_pending: [] },
      '/object_info': {},
      '/models': [],
      '/models/checkpoints': [],
      '/features': {},
      '/system_stats': { system: { comfyui_version: '0.33.0', pytorch_version: torch, argv: [] }, devices: [shown] },
    };
    const answer = answers[request.url ?? ''];
    return response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? null));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://tower:right@127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [config] = parseGpuList([{ name: 'rtx3060', vendor: 'nvidia', url }], 'spec', { folder: '/', env: {} });
  if (config === undefined) throw new Error('no card');
  const note = (_: object, line: string): void => void logged.push(line);
  const logger = { warn: note, info: note, debug: () => undefined } as unknown as Logger;
  const events = {
    observed: () => Promise.resolve(),
    event: () => undefined,
    preview: () => undefined,
    deaf: () => undefined,
    sameAsAnother: () => null,
  };
  driver = new CardDriver(
    config,
    events,
    { oldestVersion: '0.3.64', check: () => ({}), operatorFamilies: {} },
    clock,
    logger,
  );
  driver.start();
  await waitFor(() => driver.snapshot.inventory !== null, { describe: 'the first look' });
});
afterEach(async () => {
  await driver.stop();
  server.close();
  server.closeAllConnections();
});

/** As after a quarter of a minute. */
function lookAgain(): void {
  clock.advance(16_000);
  driver.wake();
}

it('notices at the next look that the device is another one, and that it is the right one again', async () => {
  expect(driver.snapshot.warnings).toEqual([]);
  device = cpu;
  lookAgain();
  await waitFor(() => driver.snapshot.warnings.length > 0, { describe: 'a warning' });
  const warning = expect.stringMatching(
    /^rtx3060 is configured as vendor: nvidia, but its server computes with the CPU/,
  ) as string;
  expect(driver.snapshot).toMatchObject({ warnings: [warning], inventory: { device: 'cpu' } });
  expect(logged).toContainEqual(
    'rtx3060 has another device: cpu, no longer NVIDIA GeForce RTX 3060; how long work takes there is learnt anew',
  );
  expect(logged).toContainEqual(warning);
  device = rtx3060;
  lookAgain();
  await waitFor(() => driver.snapshot.warnings.length === 0, { describe: 'no warning' });
});

it('says which setting is wrong when its password is not taken any more, and is back with the right one', async () => {
  password = 'another';
  lookAgain();
  await waitFor(() => driver.snapshot.state === 'down', { describe: 'it is down' });
  expect(driver.snapshot.detail).toMatch(
    new RegExp(
      String.raw`^rtx3060 \(http://127\.0\.0\.1:\d+\) answers 401 to /queue: the credentials are wrong; ` +
        String.raw`correct the user and password in its url in config/gpus\.yaml$`,
    ),
  );
  password = 'right';
  driver.wake();
  await waitFor(() => driver.snapshot.state !== 'down', { describe: 'it is back' });
  expect(logged.join()).not.toContain('tower:right');
});
