import type { WebSocket } from 'ws';
import type { Clock } from '../clock';
import { dumpJson } from '../python/json';
import { dict, type PyDict, type PyValue } from '../python/values';
import type { TextFrame } from '../faults/frame-faults';
import { previewFrame, previewWithMetadataFrame, vhsPreviewFrame, type Preview } from './frames';

interface Outgoing {
  readonly type: string;
  readonly frame: () => string | Buffer;
  readonly target: string | null;
}

/** Where faults reach into what goes out. */
export interface FrameTamper {
  mangle(frame: TextFrame): TextFrame[];
  /** Previews as a pack sends them. */
  wantsPackPreviews(): boolean;
  /** Just before a message, or a `preview`, is written. */
  beforeDelivery(type: string): void;
}

/** The sockets by client id, and the one serial loop which writes to all of them. */
export class Publisher {
  private readonly sockets = new Map<string, WebSocket>();
  private readonly flags = new Map<string, PyValue>();
  private readonly queue: Outgoing[] = [];
  private wake: (() => void) | undefined;
  private readonly mute = new Set<WebSocket>();
  private heldUntilMs = 0;
  private packFrames = 0;

  constructor(
    private readonly clock: Clock,
    /** A result that is not JSON kills the real process from inside this loop. */
    private readonly onFatal: (error: unknown) => void,
    private readonly tamper?: FrameTamper,
  ) {}

  register(sid: string, socket: WebSocket): void {
    this.sockets.set(sid, socket);
    this.flags.set(sid, dict({}));
  }

  /**
   * By id, whatever socket is registered now: an older socket that closes late makes its successor deaf, as on the real
   * server.
   */
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
    const frames = this.tamper?.mangle({ type, data }) ?? [{ type, data }];
    for (const frame of frames)
      this.enqueue({ type: frame.type, frame: () => dumpJson(dict({ type: frame.type, data: frame.data })), target });
  }

  publishPreview(preview: Preview, target: string | null): void {
    if (this.tamper?.wantsPackPreviews() === true) this.enqueuePackPreview(preview, target);
    this.enqueue({ type: 'preview', frame: () => previewFrame(preview), target });
  }

  publishPreviewWithMetadata(preview: Preview, metadata: PyDict, target: string | null): void {
    if (this.tamper?.wantsPackPreviews() === true) this.enqueuePackPreview(preview, target);
    this.enqueue({ type: 'preview', frame: () => previewWithMetadataFrame(preview, metadata), target });
  }

  /** All open sockets end as of a broken line: 1006. */
  dropAll(): void {
    for (const socket of this.sockets.values()) socket.terminate();
  }

  /** All open sockets stay open and are dead: nothing is read, so no ping is answered, and nothing is written. */
  deadenAll(): void {
    for (const socket of this.sockets.values()) {
      socket.pause();
      this.mute.add(socket);
    }
  }

  /** All open sockets stay open and answer pings, and get nothing more. */
  deafenAll(): void {
    this.sockets.clear();
    this.flags.clear();
  }

  /** Nothing is read from the sockets for this long, and nothing leaves. */
  block(ms: number): void {
    this.hold(ms);
    const sockets = [...this.sockets.values()].filter((socket) => !this.mute.has(socket));
    for (const socket of sockets) socket.pause();
    void this.clock.wait(ms).then(
      () => {
        for (const socket of sockets) socket.resume();
      },
      () => undefined,
    );
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

  private enqueuePackPreview(preview: Preview, target: string | null): void {
    const index = this.packFrames;
    this.packFrames += 1;
    this.enqueue({ type: 'preview', frame: () => vhsPreviewFrame(preview, index), target });
  }

  private async deliver({ type, frame, target }: Outgoing): Promise<void> {
    const payload = frame();
    this.tamper?.beforeDelivery(type);
    if (target !== null) {
      const socket = this.sockets.get(target);
      if (socket !== undefined && !this.mute.has(socket)) await write(socket, payload);
      return;
    }
    for (const socket of [...this.sockets.values()]) if (!this.mute.has(socket)) await write(socket, payload);
  }
}

/** Until the system has taken the frame: when a client does not read, everybody waits, as the loop is serial. */
function write(socket: WebSocket, payload: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    // A broken socket only logs on the real server; its close event does the rest.
    socket.send(payload, () => resolve());
  });
}
