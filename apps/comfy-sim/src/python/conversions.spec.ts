import { toFloat, toInt } from './conversions';
import { repr, str } from './text';
import { dict, float } from './values';

describe('conversions of posted constants', () => {
  it.each([
    ['12', 12],
    [' -1_000 ', -1000],
    [float(12.7), 12],
    [true, 1],
    ['18446744073709551615', 18446744073709551615n],
  ])('int(%p) is %p', (value, expected) => {
    expect(toInt(value)).toBe(expected);
  });

  it.each([
    ['abc', "invalid literal for int() with base 10: 'abc'"],
    ['12.7', "invalid literal for int() with base 10: '12.7'"],
    [null, "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"],
    [float(NaN), 'cannot convert float NaN to integer'],
  ])('int(%p) says what Python says', (value, message) => {
    expect(() => toInt(value)).toThrow(message);
  });

  it.each([
    ['1e3', 1000],
    ['.5', 0.5],
    [3, 3],
    [' inf ', Infinity],
  ])('float(%p) is %p', (value, expected) => {
    expect(toFloat(value).value).toBe(expected);
  });

  it('float() of a word says what Python says', () => {
    expect(() => toFloat('x')).toThrow("could not convert string to float: 'x'");
  });

  it.each([
    [['a', 'b'], "['a', 'b']"],
    [dict({ a: null, b: true }), "{'a': None, 'b': True}"],
    ["it's", '"it\'s"'],
    [`it's "so"`, `'it\\'s "so"'`],
    [float(1), '1.0'],
  ])('repr(%p) is %s', (value, text) => {
    expect(repr(value)).toBe(text);
  });

  it('str of a list is its repr, of a text the text', () => {
    expect(str(['a'])).toBe("['a']");
    expect(str('a')).toBe('a');
  });
});
