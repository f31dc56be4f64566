import { hasTag, isSameBytes, rangeOf } from './byte-range';

describe('rangeOf', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=0-9', { first: 0, last: 9 }],
    ['bytes=90-', { first: 90, last: 99 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['bytes=-1', { first: 99, last: 99 }],
    ['bytes=-100', { first: 0, last: 99 }],
    ['bytes=-5000', { first: 0, last: 99 }],
    ['BYTES=1-2', { first: 1, last: 2 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', 'unsatisfiable'],
    ['bytes=-', 'unsatisfiable'],
    ['bytes=', 'unsatisfiable'],
    ['bytes', 'unsatisfiable'],
    ['bytes=a-b', 'unsatisfiable'],
    ['bytes=1.5-2', 'unsatisfiable'],
    ['bytes=0-1,5-6', 'unsatisfiable'],
    ['bytes=0-99999999999999999999', 'unsatisfiable'],
    ['lines=1-2', undefined],
  ])('reads %j of 100 bytes as %j', (header, range) => {
    expect(rangeOf(header, 100)).toEqual(range);
  });

  it('finds no part in an empty file', () => {
    for (const header of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) expect(rangeOf(header, 0)).toBe('unsatisfiable');
  });
});

describe('tags', () => {
  it.each([
    [undefined, false],
    ['*', true],
    ['"abc"', true],
    ['W/"abc"', true],
    ['"x", W/"abc"', true],
    ['"ab"', false],
    ['abc', false],
  ])('If-None-Match %j finds "abc": %j', (header, found) => {
    expect(hasTag(header, '"abc"')).toBe(found);
  });

  it('takes a range only of the very same bytes', () => {
    expect(isSameBytes(undefined, '"abc"')).toBe(true);
    expect(isSameBytes('"abc"', '"abc"')).toBe(true);
    expect(isSameBytes('"abd"', '"abc"')).toBe(false);
    expect(isSameBytes('W/"abc"', 'W/"abc"')).toBe(false);
    expect(isSameBytes('Sat, 21 Nov 2026 02:00:00 GMT', '"abc"')).toBe(false);
  });
});
