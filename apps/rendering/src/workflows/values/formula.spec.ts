import * as fc from 'fast-check';
import { parseFormula } from './formula';

const value = (text: string, scope: Record<string, number> = {}): number => parseFormula(text).evaluate(scope);

describe('parseFormula', () => {
  it.each<[string, number]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['7 % 4', 3],
    ['-2 * -3', 6],
    ['8 / 4 / 2', 1],
    ['2 > 1', 1],
    ['1 + 1 == 2', 1],
    ['3 != 3', 0],
    ['min(4, 2, 3)', 2],
    ['max(1)', 1],
    ['floor(2.7) + ceil(2.1)', 5],
    ['round(2.5)', 2],
    ['round(3.5)', 4],
    ['round(2.51)', 3],
    ['if(1 > 2, 10, 20)', 20],
    ['if(3, 10, 20)', 10],
    ['0.5 * 4', 2],
  ])('%s is %d', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it('reads names, and says which one has no value', () => {
    expect([...parseFormula('width * height / frame_count').names].sort()).toEqual(['frame_count', 'height', 'width']);
    expect(value('width * height', { width: 3, height: 4 })).toBe(12);
    expect(() => value('width * height', { width: 3 })).toThrow('needs height, which has no value');
  });

  it.each(['', '1 +', '(1', '1 2', 'sin(1)', 'floor(1, 2)', 'if(1, 2)', '2 ** 3', 'a; b', 'max()', '1 = 1'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseFormula(text)).toThrow('the formula');
    },
  );

  it('never gives anything but a finite number', () => {
    expect(() => value('1 / 0')).toThrow('gives Infinity');
    expect(() => value('0 % 0')).toThrow('gives NaN');
  });

  it('computes as JavaScript does, whatever the numbers', () => {
    const number = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(number, number, number, (a, b, c) => {
        expect(value('a + b * c - (a - b) * -c', { a, b, c })).toBe(a + b * c - (a - b) * -c);
        expect(value('if(a < b, min(a, c), max(b, c))', { a, b, c })).toBe(a < b ? Math.min(a, c) : Math.max(b, c));
      }),
    );
  });
});
