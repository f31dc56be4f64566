import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { deflateSync, gzipSync } from 'node:zlib';
import { hangUp } from '@tower/kit';
import { ProcessGone } from '../clock';
import { ReplyLost } from '../faults/http-faults';
import { BodyTooLarge, Exchange } from './exchange';
import type { Gate } from './gate';
import { isOriginAllowed } from './origin';
import { empty, internalError, text, type Reply } from './reply';
import type { Router } from './router';

interface DoorOptions {
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly refusesCrossSite: boolean;
  /** `--enable-cors-header`: who may call from a browser; no origin is checked then. */
  readonly corsOrigin: string | undefined;
  readonly compresses: boolean;
  readonly log: (line: string) => void;
  /** What every request, sockets' too, passes first. */
  readonly gate: Gate;
  /** PEM; with it the port speaks TLS alone. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  /** What a request waits for before it is looked at. */
  readonly before: (path: string) => Promise<void>;
}

/** aiohttp keeps idle connections this long; Node's five seconds would reset clients that pool them. */
const keepAliveMs = 3_630_000;

/** The TCP port: routes HTTP, hands upgrades on, and can vanish the way a killed process does. */
export class Door {
  private readonly server: Server;
  private readonly connections = new Set<Socket>();
  private port = 0;

  constructor(
    private readonly router: Router,
    private readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
    private readonly options: DoorOptions,
  ) {
    const times = { keepAliveTimeout: keepAliveMs, requestTimeout: 0, headersTimeout: 0 };
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.answer(request, response);
    this.server =
      options.tls === undefined ? createServer(times, answer) : createTlsServer({ ...times, ...options.tls }, answer);
    this.server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket));
    });
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  async open(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, this.options.host, () => {
        this.server.removeListener('error', reject);
        resolve();
      });
    });
    this.port = (this.server.address() as AddressInfo).port;
    return this.port;
  }

  /** Refuses new connections and resets the old ones, for as long as told. */
  async refuse(until: Promise<void>): Promise<void> {
    await this.slam();
    await until;
    await this.open(this.port);
  }

  /** No close frame, no last answer: what clients see of a killed process. */
  async slam(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.connections) socket.destroy();
    await closed;
  }

  private isAllowed(request: IncomingMessage): boolean {
    if (this.options.corsOrigin !== undefined) return true;
    if (this.options.refusesCrossSite && request.headers['sec-fetch-site'] === 'cross-site') return false;
    return isOriginAllowed(request.headers.host, request.headers.origin);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const turnedAway = this.options.gate.turnsAway(request);
    if (turnedAway !== undefined) {
      const location = turnedAway.headers['Location'];
      const forward = location === undefined ? '' : `Location: ${location}\r\n`;
      return hangUp(socket, `HTTP/1.1 ${turnedAway.status} Turned Away\r\n${forward}Content-Length: 0\r\n\r\n`);
    }
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    if (!this.isAllowed(request)) hangUp(socket, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    else if (path === '/ws' || path === '/api/ws') this.onUpgrade(request, socket, head);
    else hangUp(socket, 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const plain = await this.reply(request);
    if (plain === 'drop') {
      request.socket.destroy();
      return;
    }
    const reply = this.options.compresses ? compressed(plain, request.headers['accept-encoding'] ?? '') : plain;
    response.removeHeader('Connection');
    response.setHeader('Server', 'comfy-sim');
    for (const [name, value] of corsHeaders(this.options.corsOrigin)) response.setHeader(name, value);
    if (reply.close === true) response.setHeader('Connection', 'close');
    if (reply.chunked !== true) response.setHeader('Content-Length', reply.body.length);
    response.writeHead(reply.status, reply.headers);
    response.end(request.method === 'HEAD' ? undefined : reply.body);
  }

  private async reply(request: IncomingMessage): Promise<Reply | 'drop'> {
    const turnedAway = this.options.gate.turnsAway(request);
    if (turnedAway !== undefined) return turnedAway;
    const [path = '/', query = ''] = splitUrl(request.url ?? '/');
    try {
      await this.options.before(path);
    } catch (error) {
      if (error instanceof ProcessGone) return 'drop';
      throw error;
    }
    if (!this.isAllowed(request)) return empty(403);
    if (request.method === 'OPTIONS') return empty();
    const match = this.router.match(request.method ?? 'GET', path);
    if ('reply' in match) return match.reply;
    try {
      return await match.run(
        new Exchange(request, path, new URLSearchParams(query), match.params, this.options.maxBodyBytes),
      );
    } catch (error) {
      if (error instanceof ReplyLost || error instanceof ProcessGone) return 'drop';
      if (error instanceof BodyTooLarge) return text(413, error.message);
      this.options.log(`Error handling request: ${error instanceof Error ? error.message : String(error)}`);
      return internalError;
    }
  }
}

function corsHeaders(origin: string | undefined): [name: string, value: string][] {
  return origin === undefined
    ? []
    : [
        ['Access-Control-Allow-Origin', origin],
        ['Access-Control-Allow-Methods', 'POST, GET, DELETE, PUT, OPTIONS'],
        ['Access-Control-Allow-Headers', 'Content-Type, Authorization'],
        ['Access-Control-Allow-Credentials', 'true'],
      ];
}

/** Only for clients that take gzip; those that take deflate too get that. */
function compressed(reply: Reply, accepted: string): Reply {
  const type = reply.headers['Content-Type'] ?? '';
  if (reply.body.length === 0 || !accepted.includes('gzip') || !/^(?:application\/json|text\/plain)/.test(type))
    return reply;
  const deflate = accepted.includes('deflate');
  return {
    ...reply,
    body: deflate ? deflateSync(reply.body) : gzipSync(reply.body),
    headers: { ...reply.headers, 'Content-Encoding': deflate ? 'deflate' : 'gzip' },
  };
}

function splitUrl(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}
