import { modelKey, type UtilisationView } from '@tower/contracts';
import type { AttemptForecast } from '../jobs/attempt.entity';
import { accuracyOf, accuracyView, type Accuracy } from '../planning/estimates/accuracy';

/** Seconds that utilisation looks back. */
export const utilisationWindowSeconds = 3_600;

/** An attempt that a card had, as far as its use of the card goes. */
export interface PastAttempt {
  dispatchedAt: Date;
  /** Null while it runs. */
  endedAt: Date | null;
  /** Since when its task waited; null for one that was tried before, because nobody noted how long it was held. */
  waitedSince: Date | null;
  /** Checkpoint; empty where its workflow names none. */
  modelName: string;
  /** What was said of its time; null where nothing was. */
  estimate: Pick<AttemptForecast, 'seconds' | 'low' | 'high'> | null;
  /** What it took; null where that was not measured, or did not come to a result. */
  seconds: number | null;
  /** Keys of the model files that it had to load. */
  missing: readonly string[];
}

/**
 * How a card was used in the window before `now`. `attempts` are those of the window and the last ones before it, in
 * the order in which they were sent; they may overlap, where one was sent while another ran.
 */
export function utilisationOf(attempts: readonly PastAttempt[], now: Date): UtilisationView {
  const from = now.getTime() - utilisationWindowSeconds * 1000;
  const use = { busyMs: 0, idleMs: 0, seen: 0, swaps: 0, unnamed: 0 };
  let freeAt = -Infinity;
  let loaded: string | undefined;
  const judged: Accuracy[] = [];
  for (const attempt of attempts) {
    const begin = attempt.dispatchedAt.getTime();
    const end = Math.min(now.getTime(), attempt.endedAt?.getTime() ?? now.getTime());
    if (end > from) {
      use.seen++;
      judged.push(...judgementOf(attempt));
    }
    use.busyMs += lengthAfter(Math.max(begin, freeAt), end, from);
    if (attempt.waitedSince !== null)
      use.idleMs += lengthAfter(Math.max(freeAt, attempt.waitedSince.getTime()), begin, from);
    freeAt = Math.max(freeAt, end);
    const model = modelKey(attempt.modelName);
    if (begin > from) {
      if (model === '') use.unnamed++;
      else if (loaded !== undefined && loaded !== '' && loaded !== model) use.swaps++;
    }
    loaded = model;
  }
  return {
    window_seconds: utilisationWindowSeconds,
    attempts: use.seen,
    busy_share: Math.round((use.busyMs / (utilisationWindowSeconds * 1000)) * 10_000) / 10_000,
    idle_with_work_seconds: Math.round(use.idleMs / 100) / 10,
    model_swaps: use.unnamed > 0 ? null : use.swaps,
    model_swaps_unknown:
      use.unnamed > 0 ? `${use.unnamed} attempts were of workflows that name no checkpoint of their own` : null,
    estimates: accuracyView(judged),
  };
}

/** What its estimate was worth; nothing while it runs, or where it could not be judged. */
function judgementOf({ endedAt, estimate, seconds }: PastAttempt): Accuracy[] {
  const accuracy = endedAt === null ? undefined : accuracyOf(estimate, seconds);
  return accuracy === undefined ? [] : [accuracy];
}

/** Of a card that has had nothing to do. */
export const unusedCard: UtilisationView = utilisationOf([], new Date(0));

/** Milliseconds from `begin` to `end`, as far as they lie behind `from`. */
const lengthAfter = (begin: number, end: number, from: number): number => Math.max(0, end - Math.max(begin, from));

/** When each model file was last loaded, by its key: when the attempt was sent that had to. `attempts` as above. */
export const loadedSince = (attempts: readonly PastAttempt[]): ReadonlyMap<string, Date> =>
  new Map(attempts.flatMap(({ dispatchedAt, missing }) => missing.map((key) => [key, dispatchedAt] as const)));
