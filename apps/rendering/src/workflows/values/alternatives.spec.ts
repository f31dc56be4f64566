import * as fc from 'fast-check';
import { alternativesFault, chooseAlternatives, depthAt } from './alternatives';

const chosen = (text: string, seed = 7): string => chooseAlternatives(text, seed, 'prompt').text;

describe('alternatives', () => {
  it('take one of each, say which, and choose alike for the same seed', () => {
    const { text, choices } = chooseAlternatives('a {blue|red|green} hat, {big|small}', 7, 'prompt');
    expect(text).toMatch(/^a (blue|red|green) hat, (big|small)$/);
    expect(choices).toEqual([
      { options: ['blue', 'red', 'green'], chosen: text.split(' ')[1] },
      { options: ['big', 'small'], chosen: text.split(', ')[1] },
    ]);
    expect(chooseAlternatives('a {blue|red|green} hat, {big|small}', 7, 'prompt')).toEqual({ text, choices });
  });

  it('are chosen for ever as they are chosen today', () => {
    expect(Array.from({ length: 12 }, (_, seed) => chosen('{a|b|c}', seed)).join('')).toBe('cbbabbccccbc');
  });

  it('are as likely as each other, and independent of each other', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const both = `${chosen('{a|b}', seed)}${chooseAlternatives('{a|b}', seed, 'negative_prompt').text}`;
      counts.set(both, (counts.get(both) ?? 0) + 1);
    }
    // Each pair is expected 1000 times with a standard deviation of 27.4.
    for (const pair of ['aa', 'ab', 'ba', 'bb'])
      expect(Math.abs((counts.get(pair) ?? 0) - 1000)).toBeLessThan(5 * 27.4);
  });

  it('may be inside each other, empty or single', () => {
    const all = new Set(Array.from({ length: 200 }, (_, seed) => chosen('{{dark|light} blue|red|}', seed)));
    expect([...all].sort()).toEqual(['', 'dark blue', 'light blue', 'red']);
    expect(chosen('{only}')).toBe('only');
    expect(chooseAlternatives('{{a|a}|{b|b}}', 1, 'prompt').choices).toHaveLength(2);
  });

  it('are escaped by a backslash, which other characters keep', () => {
    expect(chosen('\\{a\\|b\\} \\(c\\) | d')).toBe('{a|b} \\(c\\) | d');
    expect(chosen('{\\{|\\{}')).toBe('{');
  });

  it.each([
    ['{a|b', 'has a { without its }; write \\{ for the character'],
    ['a}', 'has a } without its {; write \\} for the character'],
    ['{2$$a|b}', expect.stringContaining('weights or numbers')],
    ['{0.5::a|b}', expect.stringContaining('weights or numbers')],
    [`${'{'.repeat(17)}a${'}'.repeat(17)}`, expect.stringContaining('16 deep')],
  ])('are refused when they cannot be read: %s', (text, fault) => {
    expect(alternativesFault(text)).toEqual(fault);
    expect(chosen(text)).toBe(text);
  });

  it('leave text without any as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[{}\\]/.test(text)),
        fc.nat(),
        (text, seed) => chosen(text, seed) === text,
      ),
    );
  });

  it('are shorter than what was written, whatever that was', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[{}|\\ab]{0,40}$/),
        fc.nat(),
        (text, seed) => chosen(text, seed).length <= text.length,
      ),
    );
  });
});

it('a place is inside of as many groups as are open there', () => {
  expect([0, 3, 5, 9].map((place) => depthAt('a {b{c}} d', place))).toEqual([0, 1, 2, 0]);
  expect(depthAt('\\{a', 3)).toBe(0);
});
