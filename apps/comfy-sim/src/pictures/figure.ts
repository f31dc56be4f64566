import { css, fine, lighter, shaded } from './colour';
import { lift, type Pose } from './pose';
import type { Traits } from './traits';

/** Neck, shoulders, clothes and arms, in head units; long enough to leave the picture at the bottom. */
export function body(traits: Traits, pose?: Pose): string {
  const { skin, cloth, trim } = traits;
  const line = css(shaded(cloth, 26));
  const neck = `<path d="M-6 20 V34 Q0 40 6 34 V20 Z" fill="${css(shaded(skin, 8))}"/>`;
  const torso =
    `<path d="M-9 33 C-22 36 -36 40 -39 56 L-44 190 H44 L39 56 C36 40 22 36 9 33 Q0 42 -9 33 Z" ` +
    `fill="${css(cloth)}" stroke="${line}" stroke-width=".8"/>`;
  const folds =
    `<path d="M-25 60 Q-22 90 -26 130 M25 60 Q22 90 26 130 M0 62 V130" fill="none" stroke="${line}" ` +
    `stroke-width=".6" stroke-opacity=".6"/>`;
  const drawn =
    neck +
    torso +
    folds +
    outfitDetail(traits, css(trim), line) +
    (traits.waving ? raised(wavingArm(traits, line), pose) : '');
  return pose === undefined ? drawn : `<g transform="${lift(pose, 0.7)}">${drawn}</g>`;
}

function outfitDetail({ outfit, cloth, skin }: Traits, trim: string, line: string): string {
  switch (outfit) {
    case 'sailor':
      return (
        `<path d="M-9 33 L-30 42 L-24 58 L0 66 L24 58 L30 42 L9 33 L0 56 Z" ` +
        `fill="${css(lighter(cloth, 24))}" stroke="${line}" stroke-width=".7"/>` +
        `<path d="M0 58 l-9 7 l2 9 l7 -10 l7 10 l2 -9 Z" fill="${trim}" stroke="${line}" stroke-width=".6"/>`
      );
    case 'hoodie':
      return (
        `<path d="M-20 34 Q0 54 20 34 Q24 46 0 54 Q-24 46 -20 34 Z" fill="${css(shaded(cloth))}"/>` +
        `<path d="M-5 50 V68 M5 50 V66" stroke="${trim}" stroke-width="1.2" stroke-linecap="round"/>`
      );
    case 'kimono':
      return (
        `<path d="M-13 33 L-5 32 L15 96 L5 96 Z M13 33 L5 32 L-3 58 L-8 52 Z" ` +
        `fill="${css(lighter(cloth, 28))}" stroke="${line}" stroke-width=".5"/>` +
        `<rect x="-44" y="96" width="88" height="24" fill="${trim}"/>` +
        `<rect x="-44" y="106" width="88" height="3" fill="${line}" fill-opacity=".5"/>`
      );
    case 'dress':
      return (
        `<path d="M-17 35 Q0 62 17 35 Q0 46 -17 35 Z" fill="${css(skin)}"/>` +
        `<path d="M-17 35 Q0 62 17 35" fill="none" stroke="${trim}" stroke-width="2"/>`
      );
    case 'coat':
      return (
        `<path d="M-10 33 L-26 46 L-6 86 L0 52 Z M10 33 L26 46 L6 86 L0 52 Z" fill="${css(shaded(cloth))}" ` +
        `stroke="${line}" stroke-width=".6"/>` +
        `<circle cx="0" cy="96" r="2" fill="${trim}"/>` +
        `<circle cx="0" cy="112" r="2" fill="${trim}"/>`
      );
  }
}

const raised = (arm: string, pose: Pose | undefined): string =>
  pose === undefined ? arm : `<g transform="rotate(${fine(pose.wave)} 34 56)">${arm}</g>`;

function wavingArm({ cloth, skin }: Traits, line: string): string {
  return (
    `<path d="M34 60 C50 62 56 40 51 20 L41 22 C43 38 40 46 30 48 Z" fill="${css(cloth)}" ` +
    `stroke="${line}" stroke-width=".7"/>` +
    `<circle cx="46" cy="14" r="7" fill="${css(skin)}"/>` +
    `<path d="M41 11 l-3 -7 M45 8 l-1 -8 M50 9 l2 -7" stroke="${css(skin)}" stroke-width="3" ` +
    `stroke-linecap="round"/>`
  );
}

const petals = (colour: string): string =>
  [0, 72, 144, 216, 288]
    .map((angle) => `<ellipse transform="rotate(${angle})" cy="-4" rx="2.6" ry="4" fill="${colour}"/>`)
    .join('');

/** On and around the head, above the hair. */
export function accessory({ accessory: kind, trim, hair }: Traits): string {
  const colour = css(trim);
  const edge = css(shaded(trim, 22));
  switch (kind) {
    case 'none':
      return '';
    case 'ribbon':
      return (
        `<g transform="translate(15 -21) rotate(24)" fill="${colour}" stroke="${edge}" stroke-width=".6">` +
        `<path d="M0 0 L-10 -6 V6 Z"/>` +
        `<path d="M0 0 L10 -6 V6 Z"/>` +
        `<circle r="2.4"/></g>`
      );
    case 'glasses':
      return (
        `<g fill="#bfe0ff" fill-opacity=".2" stroke="#33344a" stroke-width="1">` +
        `<circle cx="-10" cy="5" r="8.4"/>` +
        `<circle cx="10" cy="5" r="8.4"/>` +
        `<path d="M-1.6 5 H1.6" fill="none"/></g>`
      );
    case 'cat ears':
      return ['', 'scale(-1 1)']
        .map(
          (flip) =>
            `<g transform="${flip}">` +
            `<path d="M8 -22 L20 -40 L26 -12 Z" fill="${css(hair)}" stroke="${css(shaded(hair, 26))}" ` +
            `stroke-width=".7"/>` +
            `<path d="M13 -22 L19.6 -33 L22.6 -17 Z" fill="#ffb3c1"/></g>`,
        )
        .join('');
    case 'headphones':
      return (
        `<path d="M-25 2 C-26 -36 26 -36 25 2" fill="none" stroke="#3b3d52" stroke-width="2.6"/>` +
        `<rect x="-29" y="-3" width="8" height="14" rx="3.5" fill="${colour}"/>` +
        `<rect x="21" y="-3" width="8" height="14" rx="3.5" fill="${colour}"/>`
      );
    case 'flower':
      return `<g transform="translate(-18 -16)">${petals(colour)}<circle r="2.2" fill="#ffe27a"/></g>`;
    case 'hat':
      return (
        `<path d="M-34 -16 Q0 -30 34 -16 Q18 -12 0 -12 Q-18 -12 -34 -16 Z" fill="${edge}"/>` +
        `<path d="M-19 -18 C-14 -44 14 -44 19 -18 Q0 -25 -19 -18 Z" fill="${colour}"/>`
      );
  }
}
