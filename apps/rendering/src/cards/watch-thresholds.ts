/** How long the watch waits for things, in milliseconds. */
export interface WatchThresholds {
  /** Prompts wait and none runs: the server's worker is dead. */
  zombieMs: number;
  /** Without an answer from a server that nothing listens for. */
  refusedMs: number;
  /** Without an answer from a server that accepts connections; it may only be busy. */
  silentMs: number;
  /** Multiplies the patience with a node and with an interrupt. */
  patience: number;
  /** Pause before a card that failed too often is tried again: the first one, doubled up to the last one. */
  quarantineMs: { first: number; last: number };
  /** Between two restarts of one card by its restart command. */
  restartCoolDownMs: number;
  /** Without a verdict since it was announced, until quality is asked for it; and between two rounds of asking. */
  verdictMs: { wait: number; askEvery: number };
  /** A file that no card has may yet be brought before its tasks fail. */
  missingModelMs: number;
  /** Between two readings of a card's folders while a file is missed there. */
  missingReadMs: number;
  /** How often the files of a finished attempt are fetched in vain before it counts as failed; and the pause between. */
  outputTries: { most: number; everyMs: number };
}

export const watchThresholds: WatchThresholds = {
  zombieMs: 30_000,
  refusedMs: 30_000,
  silentMs: 120_000,
  patience: 1,
  quarantineMs: { first: 30_000, last: 600_000 },
  restartCoolDownMs: 600_000,
  verdictMs: { wait: 120_000, askEvery: 15_000 },
  missingModelMs: 60_000,
  missingReadMs: 10_000,
  outputTries: { most: 15, everyMs: 2_000 },
};

/** Injection token. */
export const WATCH_THRESHOLDS = Symbol('WATCH_LIMITS');
