import { namesWithin } from './names-within';

describe('namesWithin', () => {
  it('shows all that fit and counts the others', () => {
    expect(namesWithin(['a', 'b'], 100)).toEqual({ shown: ['a', 'b'], omitted: undefined });
    expect(namesWithin(['aaa', 'bbb', 'ccc'], 12)).toEqual({ shown: ['aaa', 'bbb'], omitted: 1 });
    expect(namesWithin([], 0)).toEqual({ shown: [], omitted: undefined });
  });

  it('counts bytes and not characters', () => {
    expect(namesWithin(['夜', '明', 'け'], 12)).toEqual({ shown: ['夜', '明'], omitted: 1 });
  });
});
