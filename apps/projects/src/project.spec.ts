import { projectView } from '@tower/contracts';
import { freeSlug, slugOf } from './project';

const slugInContract = projectView.shape.slug;

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
    expect(slugInContract.parse(freeSlug(slug, new Set([slug])))).toBe(`${slug}-2`);
  });

  it.each([
    '../escape',
    '..',
    '.',
    '',
    'a/b',
    'a\\b',
    '/etc',
    '-a',
    'a-',
    'a--b',
    'A',
    '.hidden',
    'a\u0000',
    'é',
    'a'.repeat(101),
  ])('makes nothing like %j, which no reader takes', (name) => {
    expect(slugInContract.safeParse(name).success).toBe(false);
    expect(slugInContract.safeParse(slugOf(name)).success).toBe(true);
  });
});

describe('freeSlug', () => {
  it('numbers a name that is taken', () => {
    expect(freeSlug('dawn', new Set())).toBe('dawn');
    expect(freeSlug('dawn', new Set(['dawn']))).toBe('dawn-2');
    expect(freeSlug('dawn', new Set(['dawn', 'dawn-2']))).toBe('dawn-3');
  });
});
