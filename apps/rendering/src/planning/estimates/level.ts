/** How much longer or shorter than those before it a measurement has to be to count as another level; noise is less. */
const otherLevel = { times: 1.25, seconds: 0.5 };
/** Measurements that make a level: one alone may be a chance. */
const enough = 2;

/** Measurements of the same work, and what they say of the next one. */
export interface Level {
  /** Those since the last change of level, newest first, without a stray one; at least one. */
  values: readonly number[];
  /** The newest, where it alone lies outside of all that went before. */
  stray: number | undefined;
  /** Whether older ones are left out because they lie on another level. */
  changed: boolean;
}

/**
 * Splits measurements, newest first and at least one, where their level changed last: where the newest two or more all
 * lie above, or all below, the two or three right before them, by a quarter and half a second. All in seconds.
 */
export function presentLevel(newestFirst: readonly number[]): Level {
  const split = lastChange(newestFirst);
  if (split !== undefined) return { values: newestFirst.slice(0, split), stray: undefined, changed: true };
  const [newest, ...before] = newestFirst;
  const since = before.slice(0, lastChange(before));
  const isStray = newest !== undefined && since.length >= enough && isApart([newest], since);
  if (!isStray) return { values: newestFirst, stray: undefined, changed: false };
  return { values: since, stray: newest, changed: since.length < before.length };
}

/** How many measurements there are since the level changed; undefined where it did not. */
function lastChange(newestFirst: readonly number[]): number | undefined {
  for (let count = enough; count <= newestFirst.length - enough; count++)
    if (isApart(newestFirst.slice(0, count), newestFirst.slice(count, count + enough + 1))) return count;
  return undefined;
}

const isApart = (some: readonly number[], others: readonly number[]): boolean =>
  isAbove(some, others) || isAbove(others, some);

function isAbove(upper: readonly number[], lower: readonly number[]): boolean {
  const [least, most] = [Math.min(...upper), Math.max(...lower)];
  return least > most * otherLevel.times && least > most + otherLevel.seconds;
}
