import { join } from 'node:path';
import { sharp, type Sharp } from './sharp';

/** Latin, Greek, Cyrillic and the Japanese letters in one file. */
const font = {
  file: require.resolve('@expo-google-fonts/biz-udpgothic/400Regular/BIZUDPGothic_400Regular.ttf'),
  family: 'BIZ UDPGothic',
};
const fontConfig = join(__dirname, '..', 'fonts.conf');

const lineGapPx = 4;
/** As tall as a line, from the top of the tallest letter to the deepest descender. */
const bar = '｜';

/** One or more lines of one colour. */
export interface Paragraph {
  readonly text: string;
  /** As in CSS: `#rrggbb`. */
  readonly colour: string;
}

/** Letters on nothing: four channels, eight bits each. */
export interface Lettering {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
}

/** White space folded; what has no width in any font (controls, joiners) or would turn a line around is left out. */
export const plainText = (text: string): string =>
  text
    .toWellFormed()
    .normalize('NFC')
    .replace(/(?!\s)[\p{Cc}\p{Cf}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/**
 * The text as `plainText` leaves it, or as much of its beginning as `maxLines` lines take, with an ellipsis. At least
 * one letter stays, however narrow the lines are.
 * @param sizePx the font's size: a capital is about three quarters of it
 */
export async function fitText(text: string, sizePx: number, widthPx: number, maxLines: number): Promise<string> {
  const plain = plainText(text);
  if (plain === '') return '';
  // With one line more it would be as tall as this. A letter that the font lacks makes a line taller, but not by a
  // line.
  const limit = await heightOf(framed(Array.from({ length: maxLines + 1 }, () => bar).join('\n')), sizePx, widthPx);
  const fits = async (part: string): Promise<boolean> =>
    (await heightOf(framed(escapeMarkup(part)), sizePx, widthPx)) < limit;
  // More letters than pixels never fit; a prompt of a megabyte is not laid out to learn that.
  const letters = [...plain].slice(0, widthPx * maxLines + 1);
  if (letters.length <= widthPx * maxLines && (await fits(plain))) return plain;
  const cut = (length: number): string => `${letters.slice(0, length).join('').trimEnd()}…`;
  let low = 1;
  let high = letters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await fits(cut(middle))) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}

/**
 * Draws paragraphs below each other, each broken at spaces, and inside a word only where the word alone is too wide.
 * What no font has is shown as a box with its code. The text is never taken for markup.
 * @returns undefined where there is nothing to draw
 */
export async function drawText(
  paragraphs: readonly Paragraph[],
  sizePx: number,
  widthPx: number,
): Promise<Lettering | undefined> {
  const lines = paragraphs
    .map(({ text, colour }) => ({ text: plainText(text), colour }))
    .filter(({ text }) => text !== '');
  if (lines.length === 0) return undefined;
  const markup = lines.map(({ text, colour }) => `<span foreground="${colour}">${escapeMarkup(text)}</span>`);
  const image = layOut(framed(markup.join('\n')), sizePx, widthPx);
  const [{ width, height }, edge] = await Promise.all([image.metadata(), heightOf(bar, sizePx, widthPx)]);
  const top = edge + lineGapPx;
  const { data, info } = await image
    .extract({ left: 0, top, width, height: height - 2 * top })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { pixels: data, width: info.width, height: info.height };
}

/** Bars around it: an image of text ends where its ink ends, and "on" would stand higher than "Of". */
const framed = (markup: string): string => `${bar}\n${markup}\n${bar}`;

const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

async function heightOf(markup: string, sizePx: number, widthPx: number): Promise<number> {
  return (await layOut(markup, sizePx, widthPx).metadata()).height;
}

function layOut(markup: string, sizePx: number, widthPx: number): Sharp {
  // Read when the process lays out its first text. Without it a bare machine's fontconfig complains on the terminal.
  process.env['FONTCONFIG_FILE'] = fontConfig;
  return sharp({
    text: {
      text: markup,
      font: `${font.family} ${sizePx}`,
      fontfile: font.file,
      // Points are pixels.
      dpi: 72,
      width: widthPx,
      wrap: 'word-char',
      spacing: lineGapPx,
      rgba: true,
    },
  });
}
