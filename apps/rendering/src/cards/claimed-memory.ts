/** A claim of another program on memory of a card, as long as it holds. */
export interface MemoryClaim {
  /** Megabytes (MiB). */
  megabytes: number;
  who: string;
  until: Date;
  /** Seconds until it ends by itself, by the clock of the database; never negative. */
  endsIn: number;
  /** Whether the memory was made free for it, or that was tried in vain. */
  isSettled: boolean;
}

/** Megabytes (MiB) that these claims take together. */
export const claimedMbOf = (claims: readonly MemoryClaim[]): number =>
  claims.reduce((sum, { megabytes }) => sum + megabytes, 0);

/**
 * The claim with whose end work of `needMb` fits a card of `memoryMb` again; undefined where it fits beside all of
 * them. Work that needs more than the whole card is taken to need the whole: whether it runs there is not for claims to
 * say.
 */
export function hinderingClaim(
  claims: readonly MemoryClaim[],
  memoryMb: number,
  needMb: number,
): MemoryClaim | undefined {
  const need = Math.min(needMb, memoryMb);
  let left = memoryMb - claimedMbOf(claims);
  let last: MemoryClaim | undefined;
  for (const claim of [...claims].sort((a, b) => a.endsIn - b.endsIn)) {
    if (left >= need) break;
    left += claim.megabytes;
    last = claim;
  }
  return last;
}
