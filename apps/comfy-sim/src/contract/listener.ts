import { once } from 'node:events';
import { WebSocket } from 'ws';
import { parseTolerantly } from './tolerant-json';

export interface TextFrame {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** One socket and all it heard, in order. */
export class Listener {
  readonly texts: TextFrame[] = [];
  /** Every frame in order: the type of a text frame, or `binary:` and the event number. */
  readonly order: { readonly type: string; readonly promptId: unknown; readonly data: Record<string, unknown> }[] = [];
  readonly binaries: Buffer[] = [];
  closeCode: number | undefined;
  pongs = 0;
  private wake: () => void = () => undefined;

  private constructor(
    private readonly socket: WebSocket,
    readonly clientId: string,
    private readonly patienceMs: number,
  ) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        this.binaries.push(data);
        this.order.push({ type: `binary:${data.readUInt32BE(0)}`, promptId: undefined, data: {} });
      } else {
        const frame = parseTolerantly(data.toString('utf8')) as TextFrame;
        this.texts.push(frame);
        this.order.push({ type: frame.type, promptId: frame.data['prompt_id'], data: frame.data });
      }
      this.wake();
    });
    socket.on('pong', () => {
      this.pongs += 1;
      this.wake();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.wake();
    });
    socket.on('error', () => undefined);
  }

  static async open(url: string, clientId: string, patienceMs: number): Promise<Listener> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
    const listener = new Listener(socket, clientId, patienceMs);
    await once(socket, 'open');
    return listener;
  }

  send(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  ping(): void {
    this.socket.ping();
  }

  /** Waits until what was heard satisfies the condition. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const end = Date.now() + this.patienceMs;
    while (!condition()) {
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(
          `waited ${this.patienceMs} ms in vain for ${what}; heard ${this.order.map(({ type }) => type).join(', ')}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1000));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async heard(type: string, promptId?: string): Promise<TextFrame> {
    const find = (): TextFrame | undefined =>
      this.texts.find(
        (frame) => frame.type === type && (promptId === undefined || frame.data['prompt_id'] === promptId),
      );
    await this.until(`${type}${promptId === undefined ? '' : ` of ${promptId}`}`, () => find() !== undefined);
    return find() as TextFrame;
  }

  /** `executing` without a node: the last message about a prompt. */
  async ended(promptId: string): Promise<void> {
    await this.until(`the end of ${promptId}`, () =>
      this.of(promptId).some(({ type, data }) => type === 'executing' && data['node'] === null),
    );
  }

  of(promptId: string): TextFrame[] {
    return this.texts.filter((frame) => frame.data['prompt_id'] === promptId);
  }

  close(): void {
    this.socket.terminate();
  }
}
