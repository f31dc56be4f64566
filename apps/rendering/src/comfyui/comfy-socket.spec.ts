import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { WebSocketServer, type WebSocket } from 'ws';
import { ComfySocket, type ComfyHint } from './comfy-socket';

/** The ids of the connections, oldest first, and the newest connection. */
let ids: string[];
let peer: WebSocket;
let server: WebSocketServer;
let heard: ComfyHint[];
let socket: ComfySocket;

async function listen(port = 0): Promise<void> {
  server = new WebSocketServer({ port, host: '127.0.0.1' });
  server.on('connection', (connection, request) => {
    peer = connection;
    ids.push(new URL(request.url ?? '', 'ws://x').searchParams.get('clientId') ?? '');
  });
  await once(server, 'listening');
}

const port = (): number => (server.address() as AddressInfo).port;

async function die(): Promise<void> {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
}

const connections = (count: number) => waitFor(() => ids.length === count, { timeoutMs: 5_000, describe: `${count} connections` });

beforeEach(async () => {
  ids = [];
  heard = [];
  await listen();
  socket = new ComfySocket(`http://127.0.0.1:${port()}`, (hint) => heard.push(hint), createLogger('rendering', 'silent'));
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
