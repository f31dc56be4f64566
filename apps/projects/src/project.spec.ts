import { freeSlug, slugOf } from './project';

describe('slugOf', () => {
  it.each([
    ['Night Train', 'night-train'],
    ['  Été à Kyōto!! ', 'ete-a-kyoto'],
    ['写真', 'project'],
    ['../../etc/passwd', 'etc-passwd'],
    ['Ночь', 'project'],
    ['a'.repeat(80), 'a'.repeat(60)],
    ['CON', 'con-project'],
    ['Aux. 1', 'aux-1'],
  ])('turns %j into the folder name %j', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });
});

describe('freeSlug', () => {
  it('numbers a name that is taken', () => {
    expect(freeSlug('dawn', new Set())).toBe('dawn');
    expect(freeSlug('dawn', new Set(['dawn']))).toBe('dawn-2');
    expect(freeSlug('dawn', new Set(['dawn', 'dawn-2']))).toBe('dawn-3');
  });
});
