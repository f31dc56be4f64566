import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { hangUp } from '@tower/kit';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { parseJson } from '../python/json';
import { dict, isDict, type PyDict } from '../python/values';
import type { Publisher } from './publisher';

/** Longer incoming frames end the connection with 1009. */
const maxIncomingBytes = 4 * 1024 * 1024;

interface SocketDesk {
  readonly publisher: Publisher;
  readonly features: PyDict;
  readonly statusOf: () => PyDict;
  /** The node a client's running prompt is at, for one that comes back. */
  readonly currentNodeOf: (sid: string) => string | null;
  readonly log: (line: string) => void;
  /** What stands before the server does not pass upgrades on. */
  readonly refusesUpgrade: () => boolean;
}

/** What aiohttp says to a request for /ws that came without the headers of an upgrade. */
const refusal = 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".';
const noUpgrade =
  `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; ` +
  `charset=utf-8\r\nContent-Length: ${refusal.length}\r\n\r\n${refusal}`;

/** /ws: registers sockets, greets them, and listens for the one frame it understands. */
export class SocketDoor {
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: true,
    maxPayload: maxIncomingBytes,
  });

  constructor(private readonly desk: SocketDesk) {}

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.desk.refusesUpgrade()) return hangUp(socket, noUpgrade);
    this.server.handleUpgrade(request, socket, head, (opened) => void this.serve(request, opened));
  }

  private async serve(request: IncomingMessage, socket: WebSocket): Promise<void> {
    const { publisher } = this.desk;
    const asked = new URL(request.url ?? '/', 'http://host').searchParams.get('clientId') ?? '';
    const sid = asked === '' ? randomUUID().replaceAll('-', '') : asked;
    publisher.register(sid, socket);
    let first = true;
    const pending: string[] = [];
    let greeted = false;
    const read = (text: string): void => {
      const frame = this.parse(text);
      if (frame === undefined) return;
      if (first && frame.get('type') === 'feature_flags') {
        publisher.setFeatureFlags(sid, frame.get('data') ?? dict({}));
        void publisher.sendNow('feature_flags', this.desk.features, sid);
      }
      first = false;
    };
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) return;
      const text = String(data);
      if (greeted) read(text);
      else pending.push(text);
    });
    socket.on('error', (error) => this.desk.log(`ws connection closed with exception ${error.message}`));
    socket.on('close', () => publisher.unregister(sid));
    await this.greet(sid);
    greeted = true;
    for (const text of pending) read(text);
  }

  private async greet(sid: string): Promise<void> {
    const { publisher, statusOf, currentNodeOf } = this.desk;
    await publisher.sendNow('status', dict({ status: statusOf(), sid }), sid);
    const node = currentNodeOf(sid);
    if (node !== null) await publisher.sendNow('executing', dict({ node }), sid);
  }

  /**
   * Undefined for what leaves the server waiting for the first real frame: broken JSON and anything that is no object.
   */
  private parse(text: string): PyDict | undefined {
    try {
      const value = parseJson(text);
      return isDict(value) ? value : undefined;
    } catch (error) {
      this.desk.log(`ws received invalid JSON: ${String(error)}`);
      return undefined;
    }
  }
}
