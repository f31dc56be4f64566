import { round } from './colour';

/** Letters as strokes on a grid 4 wide and 6 high: text elements would need a font, and a bare machine has none. */
const letters: Record<string, string> = {
  S: 'M4 1 Q3.5 0 2 0 Q0 0 0 1.5 Q0 3 2 3 Q4 3 4 4.5 Q4 6 2 6 Q.5 6 0 5',
  I: 'M2 0 V6 M1 0 H3 M1 6 H3',
  M: 'M0 6 V0 L2 3 L4 0 V6',
  U: 'M0 0 V4 Q0 6 2 6 Q4 6 4 4 V0',
  L: 'M0 0 V6 H4',
  A: 'M0 6 L2 0 L4 6 M.8 4 H3.2',
  T: 'M0 0 H4 M2 0 V6',
  E: 'M4 0 H0 V6 H4 M0 3 H3',
  D: 'M0 0 H1.8 Q4 0 4 3 Q4 6 1.8 6 H0 Z',
};
const advance = 5.6;

/** "SIMULATED" along the diagonal, light with a dark edge so that it shows on any picture. */
export function watermark(width: number, height: number): string {
  const word = 'SIMULATED';
  const length = word.length * advance - (advance - 4);
  const diagonal = Math.hypot(width, height);
  const scale = (diagonal * 0.66) / length;
  const angle = (-Math.atan2(height, width) * 180) / Math.PI;
  const glyphs = [...word]
    .map((letter, index) => `<path transform="translate(${round(index * advance)} 0)" d="${letters[letter] ?? ''}"/>`)
    .join('');
  const place =
    `translate(${round(width / 2)} ${round(height / 2)}) rotate(${round(angle)}) ` +
    `scale(${round(scale * 100) / 100}) translate(${round(-length / 2)} -3)`;
  const edge = `<g stroke="#101020" stroke-opacity=".22" stroke-width=".95">${glyphs}</g>`;
  const light = `<g stroke="#fff" stroke-opacity=".42" stroke-width=".5">${glyphs}</g>`;
  return `<g transform="${place}"
 fill="none" stroke-linecap="round" stroke-linejoin="round">${edge}${light}</g>`;
}
