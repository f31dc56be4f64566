import type { HandOrder } from '../planning/hand-order';

/**
 * The jobs of the circle that a further order would close, each before the next, ending with its first one; undefined
 * where it closes none.
 */
export function circleWith(
  orders: readonly HandOrder[],
  { first, then }: Pick<HandOrder, 'first' | 'then'>,
): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const seen = [then];
  for (const job of seen) {
    if (job === first) break;
    for (const { first: before, then: behind } of orders) {
      if (before !== job || behind === then || cameFrom.has(behind)) continue;
      cameFrom.set(behind, job);
      seen.push(behind);
    }
  }
  if (first !== then && !cameFrom.has(first)) return undefined;
  const path = [first];
  for (let at = cameFrom.get(first); at !== undefined; at = cameFrom.get(at)) path.push(at);
  return [first, ...path.reverse()];
}
