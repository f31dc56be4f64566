import { backoffMs, describeError, Loop, newId, type Logger } from '@tower/kit';
import WebSocket from 'ws';
import type { CardAccess } from './access/card-access';
import { parseComfyFrame, type PreviewFrame } from './comfy-frames';
import { parseComfyJson } from './comfy-json';
import { socketMessage } from './comfy-messages';
import { SocketRecord } from './socket-record';

export interface ComfyEvent {
  type: string;
  data: Record<string, unknown>;
}

interface ComfySocketEvents {
  event(event: ComfyEvent): void;
  preview(frame: PreviewFrame): void;
  /** The connection ended and not by our doing: the server may have gone or restarted. */
  dropped(): void;
  /** Connected, but nothing comes although something must have; it is connected anew. */
  deaf(): void;
}

/** Milliseconds. The server sends no heartbeat of its own. */
const pingEveryMs = 10_000;
/**
 * Milliseconds after an accepted prompt within which a `status` has to come, because every prompt that is queued
 * broadcasts one.
 */
export const statusWithinMs = 2_000;
const maxMissedPongs = 2;
/** Bytes; previews and long texts are far below. */
const maxPayload = 64 * 1024 ** 2;

const freshClientId = (): string => newId().replaceAll('-', '');

/**
 * Listens to one server's WebSocket for events. Every connection gets a fresh client id, because reconnecting under the
 * old one can leave the new socket deaf; only while a prompt runs that was sent under an older id is that one worth the
 * risk. What was missed is found by polling.
 */
export class ComfySocket {
  private id = freshClientId();
  /** The id that the next connection takes instead of a fresh one. */
  private nextId: string | undefined;
  /** The id is one that an earlier connection had. */
  private inherited = false;
  /** Ids under which nothing was heard any more; following them again would be deaf again. */
  private readonly deafIds = new Set<string>();
  /** Counted, so that one that came during the answer to a POST is not missed. */
  private statuses = 0;
  private ending = false;
  private readonly loop = new Loop();
  /** Connections in a row that did not last. */
  private failures = 0;
  private socket: WebSocket | undefined;
  private readonly record = new SocketRecord(performance.now());

  constructor(
    private readonly url: string,
    private readonly events: ComfySocketEvents,
    private readonly logger: Logger,
    private readonly access?: CardAccess,
  ) {}

  start(): void {
    this.loop.start(() => this.connect());
  }

  /** The id to submit prompts under, so that their events come here. */
  clientId(): string {
    return this.id;
  }

  /** Number of the present connection, from 1; null while there is none. */
  get connection(): number | null {
    return this.record.connection;
  }

  /**
   * What is wrong with the WebSocket of a server that has answered over HTTP for so many milliseconds; null while
   * nothing is.
   */
  complaint(answersForMs: number): string | null {
    const now = performance.now();
    return this.record.complaint(now, now - answersForMs);
  }

  /** The server answers: no sense in waiting any longer before the next try. */
  hurry(): void {
    this.loop.wake();
  }

  /**
   * Listens under the id of the prompt of ours that runs, whoever sent it: its events go nowhere else. Without one,
   * fresh ids again.
   */
  follow(runningId: string | undefined): void {
    if (runningId === undefined ? !this.inherited : runningId === this.id || this.deafIds.has(runningId)) return;
    this.nextId = runningId;
    this.reconnect();
  }

  /**
   * Call before a prompt is sent; what it returns, after the server has accepted it: then a `status` has to come soon.
   */
  expectStatus(): () => void {
    const before = this.statuses;
    return () => {
      const { id } = this;
      setTimeout(() => {
        if (this.statuses > before || this.id !== id || this.socket?.readyState !== WebSocket.OPEN) return;
        this.logger.info(`comfyui socket ${this.url}: deaf, connecting anew`);
        this.deafIds.add(id);
        this.events.deaf();
        this.reconnect();
      }, statusWithinMs).unref();
    };
  }

  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    this.reconnect();
    await stopped;
  }

  private reconnect(): void {
    this.ending = true;
    this.hurry();
    this.socket?.terminate();
  }

  private async connect(): Promise<number> {
    const startedAt = performance.now();
    // Another one may have been asked for during the pause.
    if (this.nextId !== undefined) this.chooseId();
    this.ending = false;
    try {
      await this.connectOnce();
    } catch (error) {
      this.record.failed(describeError(error));
      this.logger.debug(`comfyui socket ${this.url}: ${describeError(error)}`);
    }
    if (performance.now() - startedAt > 30_000) this.failures = 0;
    // Chosen before the pause, not after it: a prompt that is sent meanwhile carries the id under which we shall
    // listen.
    this.chooseId();
    return backoffMs(this.failures++, { firstMs: 500, maxMs: 10_000 });
  }

  private chooseId(): void {
    this.inherited = this.nextId !== undefined;
    this.id = this.nextId ?? freshClientId();
    this.nextId = undefined;
  }

  private connectOnce(): Promise<void> {
    const { ca } = this.access ?? {};
    // It follows no redirect, so what logs us in stays with this server.
    const socket = new WebSocket(`${this.url.replace(/^http/i, 'ws')}/ws?clientId=${this.id}`, {
      perMessageDeflate: false,
      maxPayload,
      handshakeTimeout: 10_000,
      headers: this.access?.headers(),
      ...(ca === undefined ? {} : { ca }),
    });
    this.socket = socket;
    let missed = 0;
    let opened = false;
    const ping = setInterval(() => {
      if (missed >= maxMissedPongs) socket.terminate();
      else if (socket.readyState === WebSocket.OPEN) {
        missed += 1;
        socket.ping();
      }
    }, pingEveryMs);
    return new Promise<void>((resolve, reject) => {
      socket.once('open', () => {
        opened = true;
        this.record.opened();
        // Has to be the first frame: with it previews say which prompt they belong to.
        socket.send('{"type":"feature_flags","data":{"supports_preview_metadata":true}}');
      });
      socket.on('pong', () => (missed = 0));
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        missed = 0;
        if (isBinary) this.passFrame(data);
        else this.pass(data.toString('utf8'));
      });
      socket.once('error', reject);
      socket.once('close', () => resolve());
    }).finally(() => {
      clearInterval(ping);
      socket.terminate();
      this.record.closed(performance.now(), this.ending);
      if (opened && !this.ending) this.events.dropped();
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
    if (!message.success) return;
    if (message.data.type === 'status') this.statuses += 1;
    this.events.event(message.data);
  }

  private passFrame(data: Buffer): void {
    const frame = parseComfyFrame(data);
    if (frame?.kind === 'preview') this.events.preview(frame);
  }
}
