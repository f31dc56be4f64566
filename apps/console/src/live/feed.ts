import type { FeedEvent, FeedMessage, FeedRequest, PreviewView, ProgressView } from '@tower/contracts';

/**
 * How the page stands with the live feed. `live`: every change arrives as it happens. `lost`: it does not, since then;
 * what is shown is as old as that.
 */
export type Link =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly sinceMs: number; readonly retryAtMs: number };

/** The part of a browser's WebSocket that the feed needs. */
export interface Socket {
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface FeedReaction {
  onLink(link: Link): void;
  onEvent(event: FeedEvent): void;
  onProgress(progress: ProgressView): void;
  /** A picture of a step; only while `wantPreviews` says so. */
  onPreview(preview: PreviewView): void;
  /** The feed is followed again after it was not; `missed`: something of it is gone for good, so read everything anew. */
  onCaughtUp(missed: boolean): void;
}

export interface FeedWorld {
  open(path: string): Socket;
  nowMs(): number;
  /** Calls back once; answers with what takes it back. */
  later(delayMs: number, call: () => void): () => void;
}

/** Milliseconds before another try: the first at once as seen by a person, later ones seldom enough to cost nothing. */
const retryDelaysMs = [300, 600, 1_200, 2_500, 5_000];
/** Milliseconds without a greeting after which a try counts as failed. */
const greetingMs = 8_000;
/** Tries with a number that end before the greeting; then the number may be of another feed, and is given up. */
const triesWithNumber = 3;

/** One WebSocket on the whole feed that comes back by itself, from the number of the last event on. */
export class LiveFeed {
  private socket: Socket | undefined;
  private lastSeq: number | undefined;
  private failures = 0;
  /** Something was missed for good, and nobody was told yet. */
  private hasGap = false;
  private lostSinceMs: number | undefined;
  private cancelTimer: () => void = () => undefined;
  private isStopped = false;
  private isLive = false;
  private wantsPreviews = false;

  constructor(
    private readonly world: FeedWorld,
    private readonly reaction: FeedReaction,
  ) {}

  start(): void {
    this.reaction.onLink({ state: 'connecting' });
    this.connect();
  }

  stop(): void {
    this.isStopped = true;
    this.drop();
  }

  /** Connects anew at once: after sleep, or when the network is back. */
  renew(): void {
    if (this.isStopped) return;
    this.drop();
    this.connect();
  }

  /** Whether pictures of steps are to be sent; nobody pays for what nobody looks at. */
  wantPreviews(isWanted: boolean): void {
    this.wantsPreviews = isWanted;
    if (this.isLive) this.say({ type: isWanted ? 'subscribe' : 'unsubscribe', topic: 'previews' });
  }

  private say(request: FeedRequest): void {
    this.socket?.send(JSON.stringify(request));
  }

  private connect(): void {
    if (this.failures >= triesWithNumber && this.lastSeq !== undefined) {
      this.lastSeq = undefined;
      this.hasGap = true;
    }
    const socket = this.world.open(this.lastSeq === undefined ? '/ws' : `/ws?since=${this.lastSeq}`);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.read(JSON.parse(String(data)) as FeedMessage);
    socket.onclose = () => this.retry();
    this.cancelTimer = this.world.later(greetingMs, () => {
      this.drop();
      this.retry();
    });
  }

  private read(message: FeedMessage): void {
    switch (message.type) {
      case 'hello':
        this.cancelTimer();
        if (this.lastSeq !== undefined && message.oldest_seq > this.lastSeq + 1) this.hasGap = true;
        return;
      case 'event':
        this.lastSeq = message.seq;
        this.reaction.onEvent(message.event);
        return;
      case 'caught_up':
        this.followed(message.seq);
        return;
      case 'progress':
        this.reaction.onProgress(message.data);
        return;
      case 'preview':
        this.reaction.onPreview(message.data);
        return;
      case 'subscribed':
      case 'error':
        // After an error the gateway closes, and what follows is another try.
        return;
    }
  }

  private followed(seq: number): void {
    this.lastSeq = seq;
    this.failures = 0;
    this.lostSinceMs = undefined;
    this.isLive = true;
    if (this.wantsPreviews) this.wantPreviews(true);
    this.reaction.onLink({ state: 'live' });
    this.reaction.onCaughtUp(this.hasGap);
    this.hasGap = false;
  }

  private retry(): void {
    this.drop();
    if (this.isStopped) return;
    const delayMs = retryDelaysMs[Math.min(this.failures, retryDelaysMs.length - 1)] ?? 5_000;
    this.failures += 1;
    this.lostSinceMs ??= this.world.nowMs();
    this.reaction.onLink({ state: 'lost', sinceMs: this.lostSinceMs, retryAtMs: this.world.nowMs() + delayMs });
    this.cancelTimer = this.world.later(delayMs, () => this.connect());
  }

  private drop(): void {
    this.cancelTimer();
    const socket = this.socket;
    this.socket = undefined;
    this.isLive = false;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
