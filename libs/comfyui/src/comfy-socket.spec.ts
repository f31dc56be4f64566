import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { WebSocketServer, type WebSocket } from 'ws';
import type { PreviewFrame } from './comfy-frames';
import { ComfySocket, statusWithinMs, type ComfyEvent } from './comfy-socket';

/** The ids of the connections, oldest first, and the newest connection. */
let ids: string[];
let peer: WebSocket;
let server: WebSocketServer;
let heard: ComfyEvent[];
let previews: PreviewFrame[];
let said: string[];
let drops: number;
let deafs: number;
let socket: ComfySocket;

async function listen(port = 0): Promise<void> {
  server = new WebSocketServer({ port, host: '127.0.0.1' });
  server.on('connection', (connection, request) => {
    peer = connection;
    connection.on('message', (data: Buffer) => said.push(data.toString('utf8')));
    ids.push(new URL(request.url ?? '', 'ws://x').searchParams.get('clientId') ?? '');
  });
  await once(server, 'listening');
}

const port = (): number => (server.address() as AddressInfo).port;

async function die(): Promise<void> {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
}

const connections = (count: number) =>
  waitFor(() => ids.length === count, { timeoutMs: 5_000, describe: `${count} connections` });

beforeEach(async () => {
  ids = [];
  heard = [];
  previews = [];
  said = [];
  drops = 0;
  deafs = 0;
  await listen();
  socket = new ComfySocket(
    `http://127.0.0.1:${port()}`,
    {
      event: (hint) => heard.push(hint),
      preview: (frame) => previews.push(frame),
      dropped: () => (drops += 1),
      deaf: () => (deafs += 1),
    },
    createLogger('rendering', 'silent'),
  );
  socket.start();
  await connections(1);
});

afterEach(async () => {
  await socket.stop();
  await die();
});

it('passes on what is said to it, and survives what is not JSON', async () => {
  peer.send('garbage');
  peer.send(Buffer.from([0, 0, 0, 1]));
  peer.send('{"type":"progress","data":{"value":1,"max":NaN}}');
  await waitFor(() => heard.length === 1);
  expect(heard).toEqual([{ type: 'progress', data: { value: 1, max: null } }]);
});

it('takes a fresh id for every connection', async () => {
  peer.terminate();
  await connections(2);
  expect(new Set(ids).size).toBe(2);
  expect(socket.clientId()).toBe(ids[1]);
});

it('hears of a prompt that was sent while it waited to connect again', async () => {
  const old = port();
  await die();
  await waitFor(() => socket.clientId() !== ids[0]);
  const sentUnder = socket.clientId();
  await listen(old);
  socket.hurry();
  await connections(2);
  expect(ids[1]).toBe(sentUnder);
});

it('follows a running prompt under the id that it was sent under, and takes fresh ids again afterwards', async () => {
  socket.follow('of-a-process-that-is-gone');
  await connections(2);
  expect(ids[1]).toBe('of-a-process-that-is-gone');
  socket.follow('of-a-process-that-is-gone');
  socket.follow(undefined);
  await connections(3);
  expect(ids).not.toContain('');
  expect(new Set(ids).size).toBe(3);
  socket.follow(undefined);
  socket.follow(socket.clientId());
  expect(ids).toHaveLength(3);
});

it('says first of all that previews may name their prompt, and passes previews on', async () => {
  await waitFor(() => said.length === 1);
  expect(JSON.parse(said[0] ?? '')).toEqual({ type: 'feature_flags', data: { supports_preview_metadata: true } });
  peer.send(Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]), Buffer.from([0xff, 0xd8, 0xff, 0xe0])]));
  await waitFor(() => previews.length === 1);
  expect(previews[0]).toMatchObject({ mediaType: 'image/jpeg', promptId: null });
  expect(drops).toBe(0);
});

it('reports a drop that the server made, and none that it made itself', async () => {
  socket.follow('another');
  await connections(2);
  expect(drops).toBe(0);
  peer.terminate();
  await connections(3);
  expect(drops).toBe(1);
});

it('connects anew under a fresh id when an accepted prompt brings no status, and forgets the deaf id', async () => {
  const deaf = socket.clientId();
  socket.expectStatus()();
  await waitFor(() => deafs === 1, { timeoutMs: statusWithinMs + 3_000, describe: 'the deafness to be noticed' });
  await connections(2);
  socket.follow(deaf);
  expect(socket.clientId()).toBe(ids[1]);
  expect(drops).toBe(0);
});

it('is not taken for deaf when the status came before the answer to the POST', async () => {
  const expectStatus = socket.expectStatus();
  peer.send('{"type":"status","data":{}}');
  await waitFor(() => heard.length === 1);
  expectStatus();
  const other = socket.expectStatus();
  other();
  await waitFor(() => deafs === 1, {
    timeoutMs: statusWithinMs + 3_000,
    describe: 'only the second expectation to fail',
  });
  expect(deafs).toBe(1);
});
