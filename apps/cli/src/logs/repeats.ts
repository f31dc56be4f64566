import type { Clock } from '@tower/kit';

/** Milliseconds during which the same sentence is news only once: a dozen connections break at the same moment. */
const windowMs = 10_000;
const maxKeys = 1_000;

interface Said {
  atMs: number;
  missed: number;
}

/** Keeps a terminal readable. The file has every line. */
export class Repeats {
  private readonly said = new Map<string, Said>();

  constructor(private readonly clock: Clock) {}

  /** How many of the same were left out since it was last shown; undefined when this one is to be left out too. */
  admit(key: string): number | undefined {
    const now = this.clock.monotonicMs();
    const before = this.said.get(key);
    if (before !== undefined && now - before.atMs < windowMs) {
      before.missed += 1;
      return undefined;
    }
    if (this.said.size >= maxKeys) this.said.clear();
    this.said.set(key, { atMs: now, missed: 0 });
    return before?.missed ?? 0;
  }
}
