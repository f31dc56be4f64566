import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { waitFor } from '@tower/testing';
import { hangUp } from './hang-up';

describe('hangUp', () => {
  let server: Server;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => hangUp(socket, 'goodbye'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const dial = (): { client: Socket; received: () => string } => {
    let received = '';
    const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    clients.push(client);
    client.on('error', () => undefined);
    client.on('data', (bytes) => (received += bytes.toString()));
    return { client, received: () => received };
  };
  const open = (): Promise<number> =>
    new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

  it('lets go of clients that keep their side open, after they could read the last bytes', async () => {
    const dialled = Array.from({ length: 50 }, dial);
    await waitFor(() => dialled.every(({ received }) => received() === 'goodbye'));
    expect(await open()).toBeGreaterThan(0);
    await waitFor(async () => (await open()) === 0, 3_000);
    for (const { client } of dialled) expect(client.destroyed || client.readableEnded).toBe(true);
  });

  it('closes at once with a client that closes too, whatever it had still said', async () => {
    const { client, received } = dial();
    client.end('x'.repeat(100_000));
    await waitFor(async () => (await open()) === 0, 900);
    await waitFor(() => received() === 'goodbye');
  });
});
