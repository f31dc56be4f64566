import { AppError } from '@tower/kit';
import type { Forecast } from './forecast';
import type { Rung } from './ladder';

/** A way to make the request, with what is known of when it would be ready. */
export interface Fitted {
  rung: Rung;
  forecast: Forecast;
  /** Whether it is ready in time four times of five; null where nobody said by when, or nothing is known. */
  fits: boolean | null;
}

/** Whether it is ready within `budget` seconds four times of five; null without a budget or without numbers. */
export const fitsWithin = ({ estimate }: Forecast, budget: number | null): boolean | null =>
  budget === null || estimate.p80 === null ? null : estimate.p80 <= budget;

/**
 * The best rung that is ready within `budget` seconds four times of five. Where none is, the one that is ready first;
 * where nothing is known of any, `asked`, because then nothing is won by less. `rungs` go from the best to the
 * quickest, and forecasts are made no further than is needed.
 */
export function bestFitting(
  rungs: readonly Rung[],
  asked: Rung,
  forecast: (rung: Rung) => Forecast,
  budget: number,
): Fitted {
  let soonest: (Fitted & { p80: number }) | undefined;
  for (const rung of rungs) {
    const found = forecast(rung);
    const { p80 } = found.estimate;
    if (p80 === null) continue;
    const fitted = { rung, forecast: found, fits: p80 <= budget };
    if (fitted.fits) return fitted;
    if (soonest === undefined || p80 < soonest.p80) soonest = { ...fitted, p80 };
  }
  if (soonest === undefined) return { rung: asked, forecast: forecast(asked), fits: null };
  const { rung, forecast: found, fits } = soonest;
  return { rung, forecast: found, fits };
}

/**
 * `deadline_impossible` for what is not known to be ready in time, with the earliest time that can be told honestly, as
 * an instant and in seconds; undefined for what is.
 */
export function lateRefusal({ forecast: { estimate }, fits }: Fitted, deadline: Date, now: Date): AppError | undefined {
  if (fits === true) return undefined;
  const { p80 } = estimate;
  const at = p80 === null ? null : new Date(now.getTime() + p80 * 1000).toISOString();
  const earliest =
    at === null
      ? `nobody can say when it would be (${estimate.basis})`
      : `the earliest that can be promised is ${at}, in ${String(p80)} s (${estimate.basis})`;
  return new AppError(
    'conflict',
    'deadline_impossible',
    `it cannot be promised for ${deadline.toISOString()}: ${earliest}; give it more time, ask for less, or leave ` +
      'strict_deadline out',
    {
      fields: [{ pointer: '/strict_deadline', message: 'the deadline cannot be kept' }],
      extensions: { earliest_finish_at: at, earliest_seconds: p80 },
    },
  );
}
