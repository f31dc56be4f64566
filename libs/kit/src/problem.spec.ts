import { z } from 'zod';
import { AppError, describeError, httpStatus, onFailure, shorten, toAppError, type ErrorKind } from './errors';
import { fieldErrorsOf, parseInput, summaryOf, toProblem } from './problem';

const fieldsOf = (schema: z.ZodType, value: unknown, root = ''): [string, string][] => {
  const result = schema.safeParse(value);
  return result.success ? [] : fieldErrorsOf(result.error.issues, root).map((field) => [field.pointer, field.message]);
};

describe('toProblem', () => {
  it.each<[ErrorKind, number, 'retry' | 'dead_letter']>([
    ['invalid', 400, 'dead_letter'],
    ['too_large', 413, 'dead_letter'],
    ['forbidden', 403, 'dead_letter'],
    ['not_found', 404, 'dead_letter'],
    ['conflict', 409, 'dead_letter'],
    ['too_many', 429, 'retry'],
    ['internal', 500, 'retry'],
    ['unavailable', 503, 'retry'],
  ])('gives an error that is %s the status %i, and the bus the order to %s', (kind, status, order) => {
    expect(toProblem(new AppError(kind, 'some_code', 'some words'))).toMatchObject({
      status,
      code: 'some_code',
      detail: 'some words',
      type: 'urn:tower:problem:some_code',
    });
    expect(httpStatus[kind]).toBe(status);
    expect(onFailure[kind]).toBe(order);
  });

  it('tells nobody outside what was thrown inside', () => {
    const problem = toProblem(new Error('password=hunter2 in line 7'), { correlationId: 'c', instance: '/x' });
    expect(problem).toMatchObject({ status: 500, code: 'internal_error', correlation_id: 'c', instance: '/x' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it('says when to try again, in whole seconds, and which fields are wrong', () => {
    const error = new AppError('unavailable', 'busy', 'later', {
      retryAfterMs: 1_200,
      fields: [{ pointer: '/a', message: 'no' }],
    });
    expect(toProblem(error)).toMatchObject({ retry_after_seconds: 2, errors: [{ pointer: '/a', message: 'no' }] });
    expect(toProblem(new AppError('invalid', 'x', 'y', { fields: [] }))).not.toHaveProperty('errors');
  });
});

describe('an error', () => {
  const fields = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ pointer: `/${index}`, message: 'no' }));

  it('names 50 wrong fields and counts the others, also when it is passed on', () => {
    const error = new AppError('invalid', 'x', 'y', { fields: fields(9_000) });
    expect(error.options.fields).toHaveLength(50);
    expect(toProblem(error)).toMatchObject({ errors_omitted: 8_950 });
    expect(new AppError('invalid', 'x', 'y', error.options).options.fieldsOmitted).toBe(8_950);
    expect(toProblem(new AppError('invalid', 'x', 'y', { fields: fields(50) }))).not.toHaveProperty('errors_omitted');
  });

  it('stays small when thousands of unknown fields were sent', () => {
    const body = Object.fromEntries(Array.from({ length: 15_000 }, (_, index) => [`p${index}${'x'.repeat(1_000)}`, 1]));
    const error = (() => {
      try {
        return parseInput(
          z.strictObject({ parameters: z.strictObject({}) }),
          { parameters: body },
          { code: 'body_invalid', message: 'the body is not valid' },
        );
      } catch (thrown) {
        return thrown as AppError;
      }
    })() as AppError;
    expect(error.options.fieldsOmitted).toBe(14_950);
    expect(JSON.stringify(toProblem(error)).length).toBeLessThan(40_000);
    expect(error.message).toMatch(/; and 14997 more$/);
  });

  it('cuts texts without halving a character', () => {
    expect(shorten('short', 5)).toBe('short');
    expect(shorten('longer', 5)).toBe('long…');
    expect(shorten('abc😀def', 5)).toBe('abc…');
    expect(new AppError('invalid', 'x', 'y'.repeat(1_000_000)).message).toHaveLength(4_000);
  });

  it('is summed up by its first findings', () => {
    expect(summaryOf(['a', 'b', 'c'])).toBe('a; b; c');
    expect(summaryOf(['a', 'b', 'c', 'd', 'e'])).toBe('a; b; c; and 2 more');
  });
});

describe('fieldErrorsOf', () => {
  const body = z.strictObject({ size: z.strictObject({ 'a/b~c': z.int() }), tags: z.array(z.string()) });

  it('points into nested bodies as RFC 6901 wants it', () => {
    expect(fieldsOf(body, { size: { 'a/b~c': 'x' }, tags: ['ok', 3] }).map(([pointer]) => pointer)).toEqual([
      '/size/a~1b~0c',
      '/tags/1',
    ]);
  });

  it('names each unknown field by its own pointer', () => {
    expect(fieldsOf(body, { size: { 'a/b~c': 1 }, tags: [], wings: 2, tail: 3 })).toEqual([
      ['/wings', expect.stringContaining('unknown')],
      ['/tail', expect.stringContaining('unknown')],
    ]);
  });

  it('marks query fields with a question mark', () => {
    expect(
      fieldsOf(z.strictObject({ limit: z.int() }), { limit: 'x', offset: 1 }, '?').map(([pointer]) => pointer),
    ).toEqual(['?limit', '?offset']);
  });

  it('lets the branch of a union speak that came closest', () => {
    const union = z.union([
      z.strictObject({ kind: z.literal('long'), width: z.int(), height: z.int() }),
      z.strictObject({ kind: z.literal('short'), text: z.string() }),
    ]);
    expect(fieldsOf(union, { kind: 'long', width: 'x', height: 1 }).map(([pointer]) => pointer)).toEqual(['/width']);
    expect(fieldsOf(union, { kind: 'short', text: 7 }).map(([pointer]) => pointer)).toEqual(['/text']);
  });
});

describe('parseInput', () => {
  it('returns what the schema makes of the value', () => {
    expect(parseInput(z.object({ n: z.int().default(3) }), {}, { code: 'x', message: 'y' })).toEqual({ n: 3 });
  });

  it('throws one sentence with the first three findings, and all of them as fields', () => {
    const schema = z.strictObject({ a: z.int(), b: z.int(), c: z.int(), d: z.int() });
    try {
      parseInput(schema, {}, { code: 'body_invalid', message: 'the body is not valid' });
      throw new Error('nothing was refused');
    } catch (error) {
      expect(error).toMatchObject({ kind: 'invalid', code: 'body_invalid' });
      expect((error as AppError).message).toMatch(/^the body is not valid: \/a: .*; \/b: .*; \/c: /);
      expect((error as AppError).message).not.toContain('/d');
      expect((error as AppError).options.fields).toHaveLength(4);
    }
    expect(() => parseInput(z.string(), 3, { code: 'x', message: 'wrong' })).toThrow(/^wrong: body: /);
  });
});

describe('errors', () => {
  it('keeps an AppError as it is and makes anything else internal', () => {
    const known = new AppError('conflict', 'x', 'y');
    expect(toAppError(known)).toBe(known);
    expect(toAppError('text')).toMatchObject({ kind: 'internal', options: { cause: 'text' } });
  });

  it.each([
    [new AppError('invalid', 'code', 'words'), 'code: words'],
    [new Error('plain'), 'plain'],
    [new Error(), 'Error'],
    [new AggregateError([new Error('one'), new Error('two')]), 'one; two'],
    ['thrown text', 'thrown text'],
  ])('describes %p in one line', (thrown, line) => {
    expect(describeError(thrown)).toBe(line);
  });
});
