import { AppError } from '@tower/kit';
import { unknownEstimate } from '../views/estimate-view';
import { deadlineOf } from './deadline';
import { bestFitting, fitsWithin, lateRefusal } from './fit-deadline';
import type { Forecast } from './forecast';
import type { Rung } from './ladder';

const now = new Date('2026-03-01T12:00:00Z');
const rung = (steps: number): Rung => ({
  preset: 'standard',
  others: {},
  values: { steps },
  promised: { width: 512, height: 512, frames: 1, fps: null, sound: false },
});
const rungs = [rung(40), rung(24), rung(10)];
const inSeconds = (p80: number | null, basis = 'median of 4 attempts'): Forecast => ({
  estimate: { ...unknownEstimate(basis), p80 },
  spans: [],
});
/** Two seconds a step. */
const pace = ({ values }: Rung): Forecast => inSeconds(2 * Number(values['steps']));

describe('the best that is ready in time', () => {
  it('is the first of which four of five are, and no other is looked at behind it', () => {
    const looked: unknown[] = [];
    const forecast = (one: Rung): Forecast => {
      looked.push(one.values['steps']);
      return pace(one);
    };
    expect(bestFitting(rungs, rung(40), forecast, 48)).toMatchObject({ rung: { values: { steps: 24 } }, fits: true });
    expect(looked).toEqual([40, 24]);
  });

  it('counts what is ready just in time', () => {
    expect(bestFitting(rungs, rung(40), pace, 20)).toMatchObject({ rung: { values: { steps: 10 } }, fits: true });
    expect(fitsWithin(inSeconds(20), 20)).toBe(true);
    expect(fitsWithin(inSeconds(20.1), 20)).toBe(false);
    expect(fitsWithin(inSeconds(20), null)).toBeNull();
  });

  it('is the soonest where nothing is ready in time', () => {
    expect(bestFitting(rungs, rung(40), pace, 1)).toMatchObject({ rung: { values: { steps: 10 } }, fits: false });
  });

  it('is what was asked for where nothing is known: less would win nothing', () => {
    const fitted = bestFitting(rungs, rung(24), () => inSeconds(null), 1);
    expect(fitted).toMatchObject({ rung: { values: { steps: 24 } }, fits: null });
  });
});

describe('a strict deadline', () => {
  const deadline = new Date('2026-03-01T12:00:30Z');

  it('that can be kept is taken', () => {
    expect(lateRefusal({ rung: rung(10), forecast: inSeconds(20), fits: true }, deadline, now)).toBeUndefined();
  });

  it('that cannot be kept is refused with the earliest time, as an instant and in seconds', () => {
    const refusal = lateRefusal({ rung: rung(10), forecast: inSeconds(75), fits: false }, deadline, now);
    expect(refusal).toBeInstanceOf(AppError);
    expect(refusal).toMatchObject({
      kind: 'conflict',
      code: 'deadline_impossible',
      options: { extensions: { earliest_finish_at: '2026-03-01T12:01:15.000Z', earliest_seconds: 75 } },
    });
    expect(refusal?.message).toContain('2026-03-01T12:01:15.000Z, in 75 s (median of 4 attempts)');
  });

  it('is refused where nobody can say, with the reason', () => {
    const refusal = lateRefusal(
      { rung: rung(10), forecast: inSeconds(null, 'unknown: no card'), fits: null },
      deadline,
      now,
    );
    expect(refusal?.message).toContain('nobody can say when it would be (unknown: no card)');
    expect(refusal?.options.extensions).toEqual({ earliest_finish_at: null, earliest_seconds: null });
  });
});

describe('a deadline', () => {
  it('is a budget from now, or an instant with any offset', () => {
    expect(deadlineOf({}, now)).toBeNull();
    expect(deadlineOf({ time_budget_seconds: 90 }, now)).toEqual(new Date('2026-03-01T12:01:30Z'));
    expect(deadlineOf({ deadline_at: '2026-03-01T15:00:00+02:00' }, now)).toEqual(new Date('2026-03-01T13:00:00Z'));
  });

  it.each(['2026-03-01T11:59:59Z', '2026-03-01T12:00:00Z', '2026-03-01T13:00:00+02:00'])(
    'that is over is refused with its field: %s',
    (deadline_at) => {
      expect(() => deadlineOf({ deadline_at }, now)).toThrow(
        expect.objectContaining({
          code: 'deadline_past',
          options: expect.objectContaining({ fields: [expect.objectContaining({ pointer: '/deadline_at' })] }),
        }),
      );
    },
  );
});
