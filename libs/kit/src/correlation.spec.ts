import { correlated, correlationFields, currentCorrelation, readTraceparent, requireInTime } from './correlation';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a correlation', () => {
  it('follows the work through promises, and no other work', async () => {
    const seen = await Promise.all(
      ['one', 'two'].map((correlationId) =>
        correlated({ correlationId }, async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return currentCorrelation()?.correlationId;
        }),
      ),
    );
    expect(seen).toEqual(['one', 'two']);
    expect(currentCorrelation()).toBeUndefined();
  });

  it('is part of every log line, with the trace that the caller gave', () => {
    expect(correlationFields()).toEqual({});
    expect(correlated({ correlationId: 'one', traceparent }, correlationFields)).toEqual({
      correlationId: 'one',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
  });
});

describe('readTraceparent', () => {
  it('takes what W3C trace context allows', () => expect(readTraceparent(traceparent)).toBe(traceparent));

  it.each([
    undefined,
    7,
    '',
    `${traceparent}-x`,
    traceparent.toUpperCase(),
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  ])('takes %p for none', (given) => {
    expect(readTraceparent(given)).toBeUndefined();
  });
});

describe('requireInTime', () => {
  it('refuses only what is past its deadline', () => {
    expect(() => requireInTime()).not.toThrow();
    expect(() => correlated({ correlationId: 'x', deadline: Date.now() + 1_000 }, () => requireInTime())).not.toThrow();
    expect(() => correlated({ correlationId: 'x', deadline: Date.now() - 1 }, () => requireInTime())).toThrow(
      expect.objectContaining({ kind: 'unavailable', code: 'question_expired' }),
    );
  });
});
