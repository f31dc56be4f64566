import type { WebSocket } from 'ws';
import type { Clock } from '../clock';
import { dumpJson } from '../python/json';
import { dict, type PyDict, type PyValue } from '../python/values';
import { previewFrame, previewWithMetadataFrame, type Preview } from './frames';

type Outgoing = { readonly frame: () => string | Buffer; readonly target: string | null };

/** The sockets by client id, and the one serial loop which writes to all of them. */
export class Publisher {
  private readonly sockets = new Map<string, WebSocket>();
  private readonly flags = new Map<string, PyValue>();
  private readonly queue: Outgoing[] = [];
  private wake: (() => void) | undefined;
  private heldUntilMs = 0;

  constructor(
    private readonly clock: Clock,
    /** A result that is not JSON kills the real process from inside this loop. */
    private readonly onFatal: (error: unknown) => void,
  ) {}

  register(sid: string, socket: WebSocket): void {
    this.sockets.set(sid, socket);
    this.flags.set(sid, dict({}));
  }

  /** By id, whatever socket is registered now: an older socket that closes late makes its successor deaf, as on the real server. */
  unregister(sid: string): void {
    this.sockets.delete(sid);
    this.flags.delete(sid);
  }

  setFeatureFlags(sid: string, flags: PyValue): void {
    this.flags.set(sid, flags);
  }

  supportsPreviewMetadata(sid: string | null): boolean {
    const flags = sid === null ? undefined : this.flags.get(sid);
    return flags instanceof Map && flags.get('supports_preview_metadata') === true;
  }

  connectedIds(): string[] {
    return [...this.sockets.keys()];
  }

  publish(type: string, data: PyDict, target: string | null): void {
    this.enqueue({ frame: () => dumpJson(dict({ type, data })), target });
  }

  publishPreview(preview: Preview, target: string | null): void {
    this.enqueue({ frame: () => previewFrame(preview), target });
  }

  publishPreviewWithMetadata(preview: Preview, metadata: PyDict, target: string | null): void {
    this.enqueue({ frame: () => previewWithMetadataFrame(preview, metadata), target });
  }

  /** Straight to one client, past the queue: what the socket handler itself answers. */
  async sendNow(type: string, data: PyDict, sid: string): Promise<void> {
    const socket = this.sockets.get(sid);
    if (socket !== undefined) await write(socket, dumpJson(dict({ type, data })));
  }

  /** Nothing leaves for this long. */
  hold(ms: number): void {
    this.heldUntilMs = this.clock.monotonicMs() + ms;
  }

  async run(): Promise<void> {
    for (;;) {
      const next = this.queue.shift();
      if (next === undefined) {
        await this.clock.until((resolve) => {
          this.wake = resolve;
          return () => undefined;
        });
        continue;
      }
      const heldMs = this.heldUntilMs - this.clock.monotonicMs();
      if (heldMs > 0) await this.clock.wait(heldMs);
      try {
        await this.deliver(next);
      } catch (error) {
        this.onFatal(error);
        return;
      }
    }
  }

  private enqueue(outgoing: Outgoing): void {
    this.queue.push(outgoing);
    this.wake?.();
  }

  private async deliver({ frame, target }: Outgoing): Promise<void> {
    const payload = frame();
    if (target !== null) {
      const socket = this.sockets.get(target);
      if (socket !== undefined) await write(socket, payload);
      return;
    }
    for (const socket of [...this.sockets.values()]) await write(socket, payload);
  }
}

/** Until the system has taken the frame: when a client does not read, everybody waits, as the loop is serial. */
function write(socket: WebSocket, payload: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    // A broken socket only logs on the real server; its close event does the rest.
    socket.send(payload, () => resolve());
  });
}
