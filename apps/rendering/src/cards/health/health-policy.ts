import { infrastructureKinds, type FailureKind } from '@tower/comfyui';

/**
 * A prompt that shows whether the server is still the one that broke: while it is where it was, nothing was restarted.
 */
interface Evidence {
  promptId: string;
  place: 'queue' | 'history';
}

/** Why a card is out of service. */
interface Trouble {
  kind: 'needs_restart' | 'quarantined';
  /** What happened, for a person. */
  reason: string;
  /** ISO 8601. */
  since: string;
  evidence: Evidence | null;
  /** The restart command was run for this. */
  restarted: boolean;
  /**
   * Nothing could be heard of what ran, so it may only be slow: the restart command is not run for this. Absent where
   * it was heard.
   */
  unheard?: boolean;
  /** A quarantined card is tried again from then on. */
  probeAt: string | null;
  /** Milliseconds of the present pause. */
  pauseMs: number;
}

/** What is remembered of a card's faults, over restarts of Tower. */
export interface CardHealth {
  /** Failures that were the card's own, one after the other. */
  failuresInRow: number;
  trouble: Trouble | null;
}

export const healthy: CardHealth = { failuresInRow: 0, trouble: null };

/** Failures in a row before a card is left alone for a while (reliability study, B.7). */
const failuresUntilQuarantine = 3;

/** Faults after which no prompt succeeds before the process is a new one. */
const restartKinds: ReadonlySet<FailureKind> = new Set(['poisoned', 'zombie']);

export interface CardFault {
  kind: FailureKind | 'process_gone';
  reason: string;
  promptId: string;
  /** A hung prompt that did not obey its interrupt. */
  disobeyed: boolean;
  /** Nothing could be heard of the prompt. */
  unheard?: boolean;
}

/** Health after one more failure. Pauses in milliseconds. */
export function afterFault(health: CardHealth, fault: CardFault, now: Date, firstPauseMs: number): CardHealth {
  if (fault.kind !== 'process_gone' && !infrastructureKinds.has(fault.kind)) return health;
  if (health.trouble?.kind === 'needs_restart') return health;
  const failuresInRow = health.failuresInRow + 1;
  const since = now.toISOString();
  if ((fault.kind !== 'process_gone' && restartKinds.has(fault.kind)) || fault.disobeyed) {
    const place = fault.kind === 'poisoned' ? 'history' : 'queue';
    const unheard = fault.unheard === true ? { unheard: true } : {};
    return {
      failuresInRow,
      trouble: {
        kind: 'needs_restart',
        reason: fault.reason,
        since,
        evidence: { promptId: fault.promptId, place },
        restarted: false,
        ...unheard,
        probeAt: null,
        pauseMs: 0,
      },
    };
  }
  // A full disk fails everything that follows; that needs no second proof.
  if (failuresInRow < failuresUntilQuarantine && fault.kind !== 'disk_full') return { ...health, failuresInRow };
  return { failuresInRow, trouble: quarantine(fault.reason, now, firstPauseMs) };
}

const quarantine = (reason: string, now: Date, pauseMs: number): Trouble => ({
  kind: 'quarantined',
  reason,
  since: now.toISOString(),
  evidence: null,
  restarted: false,
  probeAt: new Date(now.getTime() + pauseMs).toISOString(),
  pauseMs,
});

/** The probe of a quarantined card failed: it rests twice as long. */
export function afterFailedProbe(health: CardHealth, now: Date, longestPauseMs: number): CardHealth {
  if (health.trouble?.kind !== 'quarantined') return health;
  const pauseMs = Math.min(health.trouble.pauseMs * 2, longestPauseMs);
  return {
    ...health,
    trouble: { ...health.trouble, pauseMs, probeAt: new Date(now.getTime() + pauseMs).toISOString() },
  };
}

/**
 * Whether a card may be tried with a light prompt now. A rest that would last longer than its pause means that the
 * clock was set back: it is over.
 */
export function isProbeDue({ trouble }: CardHealth, now: Date): boolean {
  if (trouble?.kind !== 'quarantined' || trouble.probeAt === null) return false;
  const leftMs = new Date(trouble.probeAt).getTime() - now.getTime();
  return leftMs <= 0 || leftMs > trouble.pauseMs;
}

/** One sentence that says why the card takes no work and what to do. */
export function sentenceOf(trouble: Trouble): string {
  if (trouble.kind === 'needs_restart' && trouble.unheard === true)
    return `${trouble.reason}; it goes on when that prompt ends, or restart this ComfyUI if it hangs`;
  if (trouble.kind === 'needs_restart')
    return (
      `${trouble.reason}; ` +
      `${trouble.restarted ? 'its restart command was run, but the server is still the old one: ' : ''}restart ` +
      `this ComfyUI`
    );
  return `out of service after failures in a row, last: ${trouble.reason}; tried again at ${trouble.probeAt ?? 'once'}`;
}
