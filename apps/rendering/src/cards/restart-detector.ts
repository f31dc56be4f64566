/** Milliseconds; a socket that dropped longer ago has nothing to do with a prompt that vanishes now. */
const togetherMs = 60_000;

/**
 * Tells a restart of a server from everything else that looks like one. A server has no boot id; what gives a restart
 * away is a refused connection that works again, a count of prompts that went backwards, or a dropped socket together
 * with prompts that nobody knows any more.
 */
export class RestartDetector {
  private refused = false;
  private droppedAtMs = -Infinity;
  private unread = false;
  private lastNumber = -1;
  /** Restarts seen since this process began to watch. */
  restarts = 0;

  /** Nothing listened at the server's address. */
  connectionRefused(): void {
    this.refused = true;
  }

  /** Monotonic milliseconds, as below. */
  socketDropped(nowMs: number): void {
    this.droppedAtMs = nowMs;
    this.unread = true;
  }

  /** The server answered. True when that shows that it was restarted. */
  answered(): boolean {
    if (!this.refused) return false;
    this.refused = false;
    return this.restarted();
  }

  /** A prompt was accepted as the server's `number`-th. True when the server counts anew. */
  accepted(number: number): boolean {
    const backwards = number < this.lastNumber;
    this.lastNumber = number;
    return backwards && this.restarted();
  }

  /**
   * A prompt of ours is neither waiting nor running nor in the history. True when the socket had dropped shortly
   * before.
   */
  promptVanished(nowMs: number): boolean {
    return nowMs - this.droppedAtMs < togetherMs && this.restarted();
  }

  /** Whether the socket dropped since this was last asked: reason enough to read anew what the server has. */
  takeDrop(): boolean {
    const { unread } = this;
    this.unread = false;
    return unread;
  }

  private restarted(): true {
    this.restarts += 1;
    this.droppedAtMs = -Infinity;
    return true;
  }
}
