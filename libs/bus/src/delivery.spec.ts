import { AppError, type ErrorKind } from '@tower/kit';
import { decide, deliveryOf, maxDeliveries } from './delivery';

const failing = (kind: ErrorKind, retryAfterMs?: number): AppError =>
  new AppError(kind, `${kind}_code`, 'what was being done', retryAfterMs === undefined ? {} : { retryAfterMs });
const driverError = (code: string): Error => Object.assign(new Error('from the driver'), { code });

describe('decide', () => {
  it('acknowledges what was handled, on any delivery', () => {
    for (const delivery of [1, maxDeliveries, maxDeliveries + 5])
      expect(decide(undefined, delivery)).toEqual({ do: 'ack' });
  });

  const first: [ErrorKind, string][] = [
    ['invalid', 'dead_letter'],
    ['too_large', 'dead_letter'],
    ['forbidden', 'dead_letter'],
    ['not_found', 'dead_letter'],
    ['conflict', 'dead_letter'],
    ['too_many', 'retry'],
    ['unavailable', 'retry'],
    ['internal', 'retry'],
  ];
  it.each(first)('on the first delivery answers %s with %s', (kind, expected) => {
    expect(decide(failing(kind), 1).do).toBe(expected);
  });

  it.each(first)('on the last delivery makes %s a dead letter', (kind) => {
    expect(decide(failing(kind), maxDeliveries).do).toBe('dead_letter');
  });

  it.each([
    [1, 100],
    [2, 500],
    [3, 2_000],
    [4, 5_000],
    [5, 10_000],
    [6, 20_000],
    [7, 30_000],
  ])('waits longer after delivery %i: %i ms', (delivery, delayMs) => {
    expect(decide(failing('unavailable'), delivery)).toMatchObject({ do: 'retry', delayMs });
  });

  it('covers every delivery but the last with a delay', () => {
    expect(maxDeliveries).toBe(8);
    expect(decide(failing('unavailable'), maxDeliveries - 1).do).toBe('retry');
  });

  it('waits as long as the error asks', () => {
    expect(decide(failing('unavailable', 42), 1)).toMatchObject({ do: 'retry', delayMs: 42 });
  });

  it('gives a service that has too much to do at least the usual pauses to catch up', () => {
    expect(decide(failing('too_many', 1_000), 1)).toMatchObject({ do: 'retry', delayMs: 1_000 });
    expect(decide(failing('too_many', 1_000), 6)).toMatchObject({ do: 'retry', delayMs: 20_000 });
  });

  it('counts the last delivery also when the server counted further', () => {
    expect(decide(failing('unavailable'), maxDeliveries + 1)).toMatchObject({
      do: 'dead_letter',
      reason: 'after 9 deliveries: unavailable_code: what was being done',
    });
  });

  it('holds while the library is away, even on the last delivery', () => {
    const away = new AppError('unavailable', 'library_unavailable', 'not mounted');
    expect(decide(away, 1)).toEqual({ do: 'hold', reason: 'library_unavailable: not mounted' });
    expect(decide(away, maxDeliveries).do).toBe('hold');
  });

  it('retries what is not our own error, and marks it as a bug to be seen', () => {
    expect(decide(new TypeError('undefined is not a function'), 1)).toMatchObject({ do: 'retry', expected: false });
    expect(decide(failing('unavailable'), 1)).toMatchObject({ do: 'retry', expected: true });
    expect(decide('a thrown string', 1)).toMatchObject({ do: 'retry', reason: 'a thrown string' });
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '08006', '53300', '53100', '58030'])(
    'holds while the database is away (%s), even on the last delivery',
    (code) => {
      expect(decide(driverError(code), 1).do).toBe('hold');
      expect(decide(driverError(code), maxDeliveries).do).toBe('hold');
      expect(decide(Object.assign(new Error('query failed'), { driverError: driverError(code) }), 1).do).toBe('hold');
    },
  );

  it('holds while its own connections are all in use', () => {
    expect(decide(new Error('timeout exceeded when trying to connect'), maxDeliveries).do).toBe('hold');
  });

  it.each(['40001', '40P01', '55P03'])('tries again soon after a lock or serialisation failure (%s)', (code) => {
    expect(decide(driverError(code), 1)).toMatchObject({ do: 'retry', delayMs: 500, expected: true });
  });

  it('takes a broken constraint for a bug, not for an absent database', () => {
    expect(decide(driverError('23505'), 1)).toMatchObject({ do: 'retry', expected: false });
  });
});

describe('deliveryOf', () => {
  it('knows the last one', () => {
    expect(deliveryOf(1)).toEqual({ number: 1, last: false });
    expect(deliveryOf(maxDeliveries - 1).last).toBe(false);
    expect(deliveryOf(maxDeliveries).last).toBe(true);
    expect(deliveryOf(maxDeliveries + 1).last).toBe(true);
  });
});
