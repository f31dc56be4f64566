import type { Preset } from '@tower/contracts';
import { secondsText } from '../views/explanation/seconds-text';

/** Seconds that a suggestion has to save; less is not worth reading about. */
const leastSaved = 10;

/** When a preset would be ready. */
export interface PresetTime {
  preset: Preset;
  /** Seconds; null where nothing is known. */
  readyIn: number | null;
  /** Where the number comes from. */
  basis: string;
}

/**
 * A sentence when another preset would be ready in half the time or less; null when none would, or nothing is known.
 * `lower` goes from the best to the quickest, and is looked at no further than is needed.
 */
export function suggestionFor(asked: PresetTime, lower: Iterable<PresetTime>): string | null {
  const { readyIn } = asked;
  if (readyIn === null || readyIn < leastSaved) return null;
  for (const { preset, readyIn: sooner, basis } of lower)
    if (sooner !== null && sooner * 2 <= readyIn && readyIn - sooner >= leastSaved)
      return (
        `The ${preset} preset would be ready in about ${secondsText(sooner)} instead of ${secondsText(readyIn)}` +
        `${basis.startsWith('prior') ? ', by a prior that nobody has measured here yet' : ''}.`
      );
  return null;
}
