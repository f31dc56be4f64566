import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gpuConfig } from '@tower/contracts';
import { WebSocketServer } from 'ws';
import { checkSameServers, checkSocket } from './card-checks';

/** Real here: HTTP servers that answer as far as these questions go. */
const servers: Server[] = [];
afterEach(() =>
  Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(resolve);
        }),
    ),
  ),
);

async function serve(answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const cardOn = (name: string, server: Server, host = '127.0.0.1') =>
  gpuConfig.parse({ name, url: `http://${host}:${(server.address() as AddressInfo).port}` });
const withLog =
  (from: number): RequestListener =>
  (request, response) =>
    request.url === '/internal/logs/raw'
      ? response.end(
          JSON.stringify({ entries: [1, 2, 3].map((line) => ({ t: `2026-03-01T12:00:00.00${from}${line}`, m: 'x' })) }),
        )
      : response.writeHead(404).end();

it('notes a card whose WebSocket a proxy does not let through, with what to check', async () => {
  const refusing = await serve((_, response) => response.writeHead(400).end());
  expect(await checkSocket(cardOn('a', refusing))).toEqual({
    what: 'a',
    level: 'note',
    detail: expect.stringMatching(
      /WebSocket \(\/ws\) cannot be had \(Unexpected server response: 400\).*Upgrade and Connection/,
    ) as string,
  });
  const open = await serve(() => undefined);
  new WebSocketServer({ server: open });
  expect(await checkSocket(cardOn('b', open))).toBeUndefined();
});

it('names a card that is one ComfyUI with one before it', async () => {
  const [one, other] = [await serve(withLog(1)), await serve(withLog(2))];
  const findings = await checkSameServers([cardOn('a', one), cardOn('b', other), cardOn('c', one, 'localhost')]);
  expect(findings).toEqual([
    {
      what: 'c',
      level: 'problem',
      detail: expect.stringMatching(
        /^c is the same ComfyUI as a \(http:.*their logs are the same.*remove one of the two/,
      ) as string,
    },
  ]);
});
