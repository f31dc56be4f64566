export interface PartExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export const describeExit = (exit: PartExit): string =>
  exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;

/** One process of a Tower while it runs. */
export interface RunningPart {
  readonly pid: number;
  /** Settles when it can do its work; never, when it ends before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<PartExit>;
  /** Politely, then rudely; settles when it is gone. */
  stop(): Promise<void>;
  /** At once. */
  kill(): void;
}

/** What can be started again and again under one name. */
export interface Part {
  readonly name: string;
  /** Parts of one rank are stopped together; a higher rank goes first. */
  readonly rank: PartRank;
  readonly version: string;
  /** What a person should know of this version. */
  readonly warning?: string;
  /** Says itself how it is (`hb.<name>`); the launcher speaks for the others. */
  readonly hasHeartbeat: boolean;
  start(): Promise<RunningPart>;
}

/** Nothing may lose what it still needs while it stops: the door closes first, the database last. */
export const partRanks = { postgres: 0, nats: 1, simulator: 2, service: 3, gateway: 4 } as const;
type PartRank = keyof typeof partRanks;
