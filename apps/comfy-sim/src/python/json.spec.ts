import fc from 'fast-check';
import { dumpJson, floatText, parseJson } from './json';
import { PyBytes, PyFloat } from './values';

describe('JSON as Python reads and writes it', () => {
  it('keeps floats, integers beyond 2^53 and the order of numeric keys', () => {
    const text = '{"10": 7.0, "1": 18446744073709551615, "a": [1, -0.5, true, null]}';
    expect(dumpJson(parseJson(text))).toBe(text);
  });

  it('takes and gives NaN and both infinities as bare words', () => {
    expect(dumpJson(parseJson('[NaN, Infinity, -Infinity]'))).toBe('[NaN, Infinity, -Infinity]');
  });

  it('writes ASCII only', () => {
    expect(dumpJson('имя…')).toBe('"\\u0438\\u043c\\u044f\\u2026"');
  });

  it('refuses bytes, which is what ends the real server', () => {
    expect(() => dumpJson([new PyBytes(3)])).toThrow('not JSON serializable');
  });

  it.each(['', '{', '[1,]', '{"a" 1}', '01', '"\n"', 'nul', '{"a": 1} x'])('refuses %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('reads whatever JavaScript writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(dumpJson(parseJson(JSON.stringify(value))))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    [7, '7.0'],
    [1e16, '1e+16'],
    [1e15, '1000000000000000.0'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [1.5e300, '1.5e+300'],
    [-0, '-0.0'],
    [0.1, '0.1'],
  ])('writes the float %d as %s', (value, text) => {
    expect(floatText(value)).toBe(text);
    expect(dumpJson(new PyFloat(value))).toBe(text);
  });
});
