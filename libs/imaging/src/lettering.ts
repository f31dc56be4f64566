import { CAP_HEIGHT, DESCENT, LETTER_GAP, PEN, glyphOf, hasGlyph } from './glyphs';

/** Letters that Unicode does not decompose into a base letter and a mark. */
const spellings: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ł: 'l',
  Ł: 'L',
  þ: 'th',
  Þ: 'Th',
  ð: 'd',
  ı: 'i',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '«': '"',
  '»': '"',
  '—': '–',
  '‐': '-',
  '‑': '-',
  '−': '-',
  '•': '·',
  '・': '·',
  '、': ',',
  '。': '.',
  '「': '[',
  '」': ']',
  '°': 'o',
  µ: 'u',
  а: 'a',
  б: 'b',
  в: 'v',
  г: 'g',
  д: 'd',
  е: 'e',
  ж: 'zh',
  з: 'z',
  и: 'i',
  й: 'i',
  к: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  о: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ф: 'f',
  х: 'kh',
  ц: 'ts',
  ч: 'ch',
  ш: 'sh',
  щ: 'shch',
  ъ: '',
  ы: 'y',
  ь: '',
  э: 'e',
  ю: 'iu',
  я: 'ia',
  і: 'i',
  ї: 'i',
  є: 'ie',
  ґ: 'g',
};

/**
 * Text in letters we can draw: accents dropped, Cyrillic transliterated, white space folded; the rest stays and shows
 * as a box.
 */
export function transliterate(text: string): string {
  const plain = [...text.normalize('NFC')].map((letter) => (hasGlyph(letter) ? letter : spell(letter))).join('');
  return plain.replace(/\s+/gu, ' ').trim();
}

function spell(letter: string): string {
  if (/\s/u.test(letter)) return ' ';
  const exact = spellings[letter];
  if (exact !== undefined) return exact;
  const small = letter.toLowerCase();
  const capital = spellings[small];
  if (small !== letter && capital !== undefined) return capital.charAt(0).toUpperCase() + capital.slice(1);
  const base = letter.normalize('NFKD').replace(/\p{M}/gu, '');
  if (base !== letter) return [...base].map((part) => (hasGlyph(part) ? part : spell(part))).join('');
  // Controls, joiners and marks have no width in any font.
  return /[\p{C}\p{M}]/u.test(letter) && !/\p{Co}/u.test(letter) ? '' : letter;
}

/** Width in pixels at the given height of a capital letter. */
export function measureText(text: string, capHeightPx: number): number {
  const letters = [...text];
  if (letters.length === 0) return 0;
  const units = letters.reduce((sum, letter) => sum + glyphOf(letter).width + LETTER_GAP, -LETTER_GAP);
  return (units * capHeightPx) / CAP_HEIGHT;
}

/** Pixels from the top of the capitals to the deepest descender, pen included. */
export const textHeight = (capHeightPx: number): number => (capHeightPx * (CAP_HEIGHT + DESCENT + PEN)) / CAP_HEIGHT;

/**
 * At most `maxLines` lines no wider than `maxWidthPx`; breaks at spaces, inside a word only when the word alone is too
 * wide, and ends in an ellipsis when something is left over.
 */
export function wrapText(text: string, capHeightPx: number, maxWidthPx: number, maxLines: number): string[] {
  const fits = (line: string): boolean => measureText(line, capHeightPx) <= maxWidthPx;
  const lines: string[] = [];
  let rest = transliterate(text);
  while (rest !== '' && lines.length < maxLines) {
    const last = lines.length === maxLines - 1;
    if (fits(rest)) {
      lines.push(rest);
      break;
    }
    const line = last ? `${longestPrefix(rest, (part) => fits(`${part}…`)).trimEnd()}…` : breakLine(rest, fits);
    lines.push(line);
    rest = rest.slice(line.length).trimStart();
  }
  return lines;
}

function breakLine(text: string, fits: (line: string) => boolean): string {
  const prefix = longestPrefix(text, fits);
  if (text.charAt(prefix.length) === ' ') return prefix;
  const space = prefix.lastIndexOf(' ');
  return space > 0 ? prefix.slice(0, space) : prefix;
}

/** At least one letter, so that wrapping always advances. */
function longestPrefix(text: string, fits: (line: string) => boolean): string {
  const letters = [...text];
  let low = 1;
  let high = letters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(letters.slice(0, middle).join(''))) low = middle;
    else high = middle - 1;
  }
  return letters.slice(0, low).join('');
}

/**
 * SVG of one line with the top of its capitals at `y`. Only path data of our own table reaches the markup, never the
 * text, so a prompt cannot inject elements.
 */
export function letterLine(text: string, x: number, y: number, capHeightPx: number, colour: string): string {
  const scale = capHeightPx / CAP_HEIGHT;
  let cursor = 0;
  const strokes: string[] = [];
  for (const letter of text) {
    const { width, ink } = glyphOf(letter);
    if (ink !== '') strokes.push(`<path transform="translate(${round(cursor)} 0)" d="${ink}"/>`);
    cursor += width + LETTER_GAP;
  }
  const frame = `translate(${round(x)} ${round(y)}) scale(${round(scale)})`;
  return `<g transform="${frame}" fill="none" stroke="${colour}" stroke-width="${PEN}" stroke-linecap="round" stroke-linejoin="round">${strokes.join('')}</g>`;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
