import { colour, css, fine, lighter, shaded } from './colour';
import type { Pose } from './pose';
import type { Traits } from './traits';

/** Head units, see hair.ts. */
export function face(traits: Traits, pose?: Pose): string {
  const { skin } = traits;
  const line = css(colour(12, 34, skin.lightness * 0.5));
  const ears = ['', 'scale(-1 1)']
    .map(
      (flip) =>
        `<ellipse transform="${flip}" cx="22" cy="4" rx="3" ry="5" ` +
        `fill="${css(skin)}" stroke="${line}" stroke-width=".5"/>`,
    )
    .join('');
  const head =
    `<path d="M-22 -4 C-22 -30 22 -30 22 -4 C22 12 12 22 3 26.5 Q0 28 -3 26.5 C-12 22 -22 12 -22 -4 Z" ` +
    `fill="${css(skin)}" stroke="${line}" stroke-width=".7"/>`;
  const blush = [-13, 13]
    .map(
      (x) =>
        `<ellipse cx="${x}" cy="13" rx="4.2" ry="2" fill="#ff7d8d" ` +
        `fill-opacity="${traits.mouth === 'shy' ? 0.5 : 0.28}"/>`,
    )
    .join('');
  const nose = `<path d="M.4 11.6 l-1 1.8" stroke="${line}" stroke-width=".7" stroke-linecap="round"/>`;
  return (
    ears +
    head +
    blush +
    nose +
    mouth(traits, line) +
    eye(traits, -10, false, pose) +
    eye(traits, 10, traits.wink, pose) +
    brows(traits)
  );
}

function mouth({ mouth: kind }: Traits, line: string): string {
  const stroke = (d: string): string =>
    `<path d="${d}" fill="none" stroke="${line}" stroke-width=".9" stroke-linecap="round"/>`;
  switch (kind) {
    case 'smile':
      return stroke('M-4.5 18 Q0 22 4.5 18');
    case 'open':
      return (
        `<path d="M-4 17.5 Q0 16.6 4 17.5 Q3.4 23 0 23 Q-3.4 23 -4 17.5 Z" fill="#a8323e" stroke="${line}" ` +
        `stroke-width=".6"/><path d="M-2 21.6 Q0 20.2 2 21.6 Q0 23 -2 21.6 Z" fill="#ff8d94"/>`
      );
    case 'calm':
      return stroke('M-2.8 19 H2.8');
    case 'cat':
      return stroke('M-4.5 18 Q-2.2 21 0 18.4 Q2.2 21 4.5 18');
    case 'shy':
      return stroke('M-3 19.4 Q-1.5 18 0 19.4 Q1.5 20.6 3 19.2');
  }
}

/** Lids that are nearly down are drawn as closed ones. */
const almostClosed = 0.85;

function eye({ eyes, boy }: Traits, x: number, winks: boolean, pose?: Pose): string {
  const lash = css(shaded(eyes, 36));
  const blink = pose?.blink ?? 0;
  if (winks || blink > almostClosed)
    return (
      `<path d="M${x - 6} 5 Q${x} 10 ${x + 6} 5" fill="none" stroke="${lash}" ` +
      `stroke-width="1.4" stroke-linecap="round"/>`
    );
  const height = boy ? 6 : 7.6;
  const side = Math.sign(x);
  const lids = blink === 0 ? '' : ` translate(0 ${fine(2.4 * blink)}) scale(1 ${fine(1 - 0.92 * blink)})`;
  const iris =
    `<ellipse rx="4.7" ry="${height - 0.8}" fill="${css(eyes)}"/>` +
    `<path d="M-4.7 0 A4.7 ${height - 0.8} 0 0 1 4.7 0 Z" fill="${css(shaded(eyes, 20))}"/>`;
  const pupil =
    `<ellipse cy=".4" rx="2.2" ry="${height * 0.48}" fill="${css(shaded(eyes, 34))}"/>` +
    `<ellipse cy="${height * 0.5}" rx="2.9" ry="1.9" fill="${css(lighter(eyes, 24))}" fill-opacity=".8"/>`;
  const lashes =
    `<path d="M${-6.6 * side} ${-height * 0.42} Q0 ${-height * 1.3} ${6.8 * side} ${-height * 0.3} l${1.8 * side} 1" ` +
    `fill="none" stroke="${lash}" stroke-width="1.5" stroke-linecap="round"/>`;
  return `<g transform="translate(${x} 5)${lids}"><ellipse rx="6.2" ry="${height}" fill="#fff"/>
${iris}
${pupil}
<circle cx="-1.7" cy="${-height * 0.4}" r="1.8" fill="#fff"/><circle cx="1.9" cy="2.6" r=".9" fill="#fff"/>
${lashes}</g>`;
}

function brows({ hair, mouth: kind }: Traits): string {
  const [inner, outer] = kind === 'calm' ? [-4.4, -6.4] : kind === 'shy' ? [-7.4, -5.2] : [-6.2, -5.8];
  return [-1, 1]
    .map(
      (side) =>
        `<path d="M${side * 5.5} ${inner} Q${side * 10} ${Math.min(inner, outer) - 1.6} ${side * 15} ${outer}" ` +
        `fill="none" stroke="${css(shaded(hair, 22))}" stroke-width="1" stroke-linecap="round"/>`,
    )
    .join('');
}
