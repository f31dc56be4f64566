import type { Clock } from '../clock';

/** The one thread in which the real server answers HTTP and sockets alike: while it is blocked both stand still. */
export class EventLoop {
  private blockedUntilMs = 0;
  private readonly listeners = new Set<(ms: number) => void>();

  constructor(private readonly clock: Clock) {}

  /** Resolves when it goes on. */
  async block(ms: number): Promise<void> {
    this.blockedUntilMs = Math.max(this.blockedUntilMs, this.clock.monotonicMs() + ms);
    for (const listener of this.listeners) listener(ms);
    await this.free();
  }

  async free(): Promise<void> {
    for (let left = this.leftMs(); left > 0; left = this.leftMs()) await this.clock.wait(left);
  }

  onBlock(listener: (ms: number) => void): void {
    this.listeners.add(listener);
  }

  private leftMs(): number {
    return this.blockedUntilMs - this.clock.monotonicMs();
  }
}
