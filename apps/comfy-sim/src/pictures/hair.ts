import { css, lighter, shaded } from './colour';
import { leaning, type Pose } from './pose';
import type { Traits } from './traits';

/** All in head units: the face is a circle of radius 22 around 0,0, chin at y 27. */
export function backHair(traits: Traits, pose?: Pose): string {
  const { cut } = traits;
  return leaning(backShape(traits), cut === 'twintails' || cut === 'ponytail' ? pose?.trail : pose?.sway, -10);
}

function backShape({ hair, cut }: Traits): string {
  const dark = css(shaded(hair));
  const line = css(shaded(hair, 26));
  const shape = (d: string): string => `<path d="${d}" fill="${dark}" stroke="${line}" stroke-width=".7"/>`;
  switch (cut) {
    case 'long':
      return shape('M-26 -4 C-34 24 -33 52 -27 74 C-12 80 12 80 27 74 C33 52 34 24 26 -4 C22 -34 -22 -34 -26 -4 Z');
    case 'wavy':
      return shape(
        'M-26 -4 C-38 14 -26 26 -35 40 C-26 52 -36 58 -28 68 C-14 60 14 60 28 68 C36 58 26 ' +
          '52 35 40 C26 26 38 14 26 -4 C22 -34 -22 -34 -26 -4 Z',
      );
    case 'twintails':
      return (
        shape('M-22 -10 C-50 -8 -52 34 -42 62 C-34 48 -32 22 -22 8 Z') +
        shape('M22 -10 C50 -8 52 34 42 62 C34 48 32 22 22 8 Z') +
        shape('M-25 -4 C-28 14 -22 24 -14 28 H14 C22 24 28 14 25 -4 Z')
      );
    case 'ponytail':
      return (
        shape('M6 -24 C44 -38 48 20 34 58 C30 34 26 10 10 -4 Z') +
        shape('M-25 -4 C-28 14 -22 22 -14 26 H14 C22 22 28 14 25 -4 Z')
      );
    case 'bob':
      return shape('M-27 -4 C-34 14 -31 28 -24 32 H24 C31 28 34 14 27 -4 C22 -34 -22 -34 -27 -4 Z');
    case 'short':
      return shape('M-25 -4 C-30 8 -27 18 -22 22 H22 C27 18 30 8 25 -4 Z');
  }
}

const fringes: Record<Traits['bangs'], string> = {
  straight:
    'M-24 2 C-28 -34 28 -34 24 2 C22 -4 20 -8 19 -9 L16 -2 L12 -10 L7 -2 L2 -10 L-3 ' +
    '-2 L-8 -10 L-12 -2 L-17 -10 C-20 -6 -22 -2 -24 2 Z',
  swept: 'M-24 4 C-30 -34 28 -36 24 4 C22 -6 18 -12 12 -15 C4 -6 -8 -2 -18 -4 C-20 -2 -22 1 -24 4 Z',
  parted:
    'M-24 6 C-30 -34 30 -34 24 6 C21 -6 12 -14 2 -18 C-4 -10 -12 -4 -20 -2 ' +
    'C-22 1 -23 3 -24 6 Z M2 -18 C8 -8 16 -3 21 -2 Z',
  choppy:
    'M-24 3 C-30 -35 30 -35 24 3 L19 -8 L18 1 L12 -10 L9 -1 L3 -12 L-1 0 L-7 -11 L-10 0 L-15 -10 L-18 1 L-20 -7 Z',
};

export function frontHair({ hair, bangs, cut, boy }: Traits, pose?: Pose): string {
  const fill = css(hair);
  const line = css(shaded(hair, 26));
  const locks =
    boy || cut === 'short'
      ? ''
      : ['', 'scale(-1 1)']
          .map(
            (flip) =>
              `<path transform="${flip}" d="M-24 -2 C-29 12 -27 26 -23 36 C-20 26 -20 12 -20 0 Z" fill="${fill}" ` +
              `stroke="${line}" stroke-width=".6"/>`,
          )
          .join('');
  const sway = pose?.sway;
  const shine =
    `<path d="M-15 -17 Q-6 -23 8 -22" fill="none" stroke="${css(lighter(hair, 18))}" ` +
    `stroke-width="2.6" stroke-linecap="round" stroke-opacity=".8"/>`;
  const ahoge =
    `<path d="M0 -26 C-3 -35 6 -37 8 -33 C4 -33 3 -30 3 -26 Z" ` +
    `fill="${fill}" stroke="${line}" stroke-width=".5"/>`;
  const outline = `stroke="${line}" stroke-width=".7" stroke-linejoin="round"`;
  const fringe = `<path d="${fringes[bangs]}" fill="${fill}" ${outline}/>`;
  // The tuft stands up, so it leans the other way.
  return (
    leaning(locks, sway) +
    leaning(fringe, sway === undefined ? undefined : sway * 0.35, -26) +
    shine +
    leaning(ahoge, sway === undefined ? undefined : sway * -2, -26)
  );
}
