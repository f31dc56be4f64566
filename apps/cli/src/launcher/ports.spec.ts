import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPortOwner } from './port-owner';
import { assertPublicPortFree, isPortFree, Ports, quietRange } from './ports';

const listen = (port = 0): Promise<{ server: Server; port: number }> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve({ server, port: (server.address() as { port: number }).port }));
  });
const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

describe('Ports', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-ports-'));
  const file = join(folder, 'below', 'ports.json');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives every name another free port below the outgoing range, also when asked for several at once', async () => {
    const ports = new Ports(file, () => 0.5);
    const taken = await Promise.all(
      ['a', 'b', 'c'].map((name, index) => new Ports(join(folder, `${index}.json`)).take(name)),
    );
    expect(taken.every((port) => port >= 1024 && port < 32_768)).toBe(true);
    await expect(Promise.all([ports.take('a'), ports.take('a')]).then(([x, y]) => x === y)).resolves.toBe(true);
  });

  it('remembers a port over restarts, and takes another when somebody else has it', async () => {
    const port = await new Ports(file).take('postgres');
    expect(await new Ports(file).take('postgres')).toBe(port);
    const { server } = await listen(port);
    const other = await new Ports(file).take('postgres');
    expect(other).not.toBe(port);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ postgres: other });
    await close(server);
  });

  it('starts afresh from a file that a crash or a person broke', async () => {
    writeFileSync(file, '{"postgres": 99');
    expect(await new Ports(file).take('postgres')).toBeGreaterThan(1023);
  });
});

describe('quietRange', () => {
  it.each([
    [32_768, 20_000, 32_768],
    [49_152, 20_000, 32_768],
    [10_000, 5_000, 10_000],
    [1_024, 20_000, 32_768],
  ])('lies below %i where it can: %i to %i', (first, start, end) => {
    expect(quietRange(first)).toEqual({ start, end });
  });
});

describe('the public port', () => {
  it('is refused with the name of who has it', async () => {
    const { server, port } = await listen();
    expect(await isPortFree(port, '127.0.0.1')).toBe(false);
    expect(findPortOwner(port)).toMatchObject({ pid: process.pid });
    await expect(assertPublicPortFree(port, '127.0.0.1')).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringContaining(`process ${process.pid} (`) as string,
    });
    await close(server);
    await expect(assertPublicPortFree(port, '127.0.0.1')).resolves.toBeUndefined();
    expect(findPortOwner(port)).toBeUndefined();
  });

  it('is refused in other words when the address is none of this machine', async () => {
    await expect(assertPublicPortFree(8331, '192.0.2.1')).rejects.toMatchObject({
      kind: 'invalid',
      code: 'address_not_usable',
    });
  });
});
