import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, describeError, newId, type Logger } from '@tower/kit';
import WebSocket from 'ws';
import { parseComfyJson } from './comfy-json';
import { socketMessage } from './comfy-messages';

export interface ComfyHint {
  type: string;
  data: Record<string, unknown>;
}

/** Milliseconds. The server sends no heartbeat of its own. */
const pingEveryMs = 10_000;
const maxMissedPongs = 2;
/** Bytes; previews and long texts are far below. */
const maxPayload = 64 * 1024 ** 2;

const freshClientId = (): string => newId().replaceAll('-', '');

/**
 * Listens to one server's WebSocket for hints. Every connection gets a fresh client id, because reconnecting under the old one can leave the
 * new socket deaf; only while a prompt runs that was sent under an older id is that one worth the risk. What was missed is found by polling.
 */
export class ComfySocket {
  private id = freshClientId();
  /** The id that the next connection takes instead of a fresh one. */
  private nextId: string | undefined;
  /** The id is one that an earlier connection had. */
  private inherited = false;
  private hurried = new AbortController();
  private readonly stopping = new AbortController();
  private socket: WebSocket | undefined;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly url: string,
    private readonly onHint: (hint: ComfyHint) => void,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  /** The id to submit prompts under, so that their events come here. */
  clientId(): string {
    return this.id;
  }

  /** The server answers: no sense in waiting any longer before the next try. */
  hurry(): void {
    this.hurried.abort();
  }

  /** Listens under the id of the prompt of ours that runs, whoever sent it: its events go nowhere else. Without one, fresh ids again. */
  follow(runningId: string | undefined): void {
    if (runningId === undefined ? !this.inherited : runningId === this.id) return;
    this.nextId = runningId;
    this.hurry();
    this.socket?.terminate();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.hurry();
    this.socket?.terminate();
    await this.loop;
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted; failures++) {
      const startedAt = performance.now();
      this.hurried = new AbortController();
      try {
        await this.connectOnce();
      } catch (error) {
        this.logger.debug(`comfyui socket ${this.url}: ${describeError(error)}`);
      }
      if (performance.now() - startedAt > 30_000) failures = 0;
      // Chosen before the pause, not after it: a prompt that is sent meanwhile carries the id under which we shall listen.
      this.chooseId();
      await sleep(backoffMs(failures, { firstMs: 500, maxMs: 10_000 }), undefined, { signal: this.hurried.signal }).catch(() => undefined);
      if (this.nextId !== undefined) this.chooseId();
    }
  }

  private chooseId(): void {
    this.inherited = this.nextId !== undefined;
    this.id = this.nextId ?? freshClientId();
    this.nextId = undefined;
  }

  private connectOnce(): Promise<void> {
    const socket = new WebSocket(`${this.url.replace(/^http/, 'ws')}/ws?clientId=${this.id}`, { perMessageDeflate: false, maxPayload, handshakeTimeout: 10_000 });
    this.socket = socket;
    let missed = 0;
    const ping = setInterval(() => {
      if (missed >= maxMissedPongs) socket.terminate();
      else if (socket.readyState === WebSocket.OPEN) {
        missed += 1;
        socket.ping();
      }
    }, pingEveryMs);
    return new Promise<void>((resolve, reject) => {
      socket.on('pong', () => (missed = 0));
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        missed = 0;
        if (!isBinary) this.pass(data.toString('utf8'));
      });
      socket.once('error', reject);
      socket.once('close', () => resolve());
    }).finally(() => {
      clearInterval(ping);
      socket.terminate();
    });
  }

  private pass(text: string): void {
    let value: unknown;
    try {
      value = parseComfyJson(text);
    } catch (error) {
      this.logger.debug(`comfyui socket: a frame that is not JSON: ${describeError(error)}`);
      return;
    }
    const message = socketMessage.safeParse(value);
    if (message.success) this.onHint(message.data);
  }
}
