import { suggestionFor, type PresetTime } from './suggestion';

const time = (preset: PresetTime['preset'], readyIn: number | null, basis = 'median of 4 attempts'): PresetTime => ({
  preset,
  readyIn,
  basis,
});

describe('a suggestion', () => {
  it('names the best preset that takes half the time or less', () => {
    const lower = [time('standard', 260), time('low', 200), time('draft', 40)];
    expect(suggestionFor(time('high', 400), lower)).toBe(
      'The low preset would be ready in about 3 min instead of 7 min.',
    );
    expect(suggestionFor(time('high', 300), lower)).toBe(
      'The draft preset would be ready in about 40 s instead of 5 min.',
    );
  });

  it('says so where nobody has measured it', () => {
    expect(suggestionFor(time('high', 80), [time('draft', 40, 'prior: unverified figures')])).toBe(
      'The draft preset would be ready in about 40 s instead of 80 s, by a prior that nobody has measured here yet.',
    );
  });

  it.each([
    ['nothing is much sooner', time('high', 100), [time('draft', 51)]],
    ['it saves only moments', time('high', 18), [time('draft', 9)]],
    ['nothing is known of it', time('high', null), [time('draft', 9)]],
    ['nothing is known of the others', time('high', 100), [time('draft', null)]],
    ['there is no lower one', time('draft', 100), []],
  ])('is not made where %s', (_, asked, lower) => {
    expect(suggestionFor(asked, lower)).toBeNull();
  });
});
