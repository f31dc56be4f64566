import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { drawText, fitText, plainText, type Lettering } from './lettering';

const run = promisify(execFile);
const sizePx = 12;

async function draw(text: string, widthPx = 900): Promise<Lettering> {
  const lettering = await drawText([{ text, colour: '#ffffff' }], sizePx, widthPx);
  if (lettering === undefined) throw new Error(`nothing was drawn of ${JSON.stringify(text)}`);
  return lettering;
}

const isInk = (alpha: number | undefined): boolean => (alpha ?? 0) > 60;
const alphaRows = ({ pixels, width, height }: Lettering): number[][] =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => pixels[(y * width + x) * 4 + 3] ?? 0),
  );
const inkOf = (lettering: Lettering): number => alphaRows(lettering).flat().filter(isInk).length;
/** The first row that has ink. */
const topOf = (lettering: Lettering): number => alphaRows(lettering).findIndex((row) => row.some(isInk));

/** What a letter that no font has looks like: a closed frame, with its code in it or empty. */
function isBox(lettering: Lettering): boolean {
  const rows = alphaRows(lettering).filter((row) => row.some(isInk));
  const columns = Array.from({ length: lettering.width }, (_, x) => rows.map((row) => row[x] ?? 0));
  const inked = columns.filter((column) => column.some(isInk));
  const edges = [rows[0], rows.at(-1), inked[0], inked.at(-1)].map(
    (edge = []) => edge.filter(isInk).length / edge.length,
  );
  return rows.length > 8 && inked.length > 4 && edges.every((ratio) => ratio > 0.8);
}

/** Of so many lines that are each as tall as this letter. */
const heightOf = async (lines: number, letter: string): Promise<number> =>
  lines * (await draw(letter)).height + (lines - 1) * 4;

describe('lettering', () => {
  it('has every printable ASCII letter, and ink for each but the space', async () => {
    for (let code = 0x21; code < 0x7f; code += 1) {
      const letter = String.fromCharCode(code);
      const lettering = await draw(letter);
      expect([letter, inkOf(lettering) > 0, isBox(lettering)]).toEqual([letter, true, false]);
    }
    expect(await drawText([{ text: ' ', colour: '#ffffff' }], sizePx, 900)).toBeUndefined();
  });

  it.each([...'桜夜の街ガ々…·①Ａ', ...'ÅöŁódźČëß', ...'КиївЁлкаЩґ', ...'Ωλά', ...'鷗驫薔薇'])(
    'has %s, in a form of its own',
    async (letter) => {
      const lettering = await draw(letter);
      expect([inkOf(lettering) > 0, isBox(lettering)]).toEqual([true, false]);
      expect(lettering.pixels.equals((await draw(letter === '夜' ? '桜' : '夜')).pixels)).toBe(false);
    },
  );

  it('draws a box for what it does not know', async () => {
    expect(isBox(await draw('\u{10ffff}'))).toBe(true);
    expect(isBox(await draw('\u{10fffe}'))).toBe(true);
  });

  it.each([
    ['Łódź, Čapek, Zoë', 'Łódź, Čapek, Zoë'],
    ['Ёлка и Щука', 'Ёлка и Щука'],
    ['a\tb\n\n c\u0000\u200d ', 'a b c'],
    ['a \u0000 b\u202e', 'a b'],
    ['A\u030angstro\u0308m', 'Ångström'],
    ['“quoted” — it’s…', '“quoted” — it’s…'],
    ['half \ud83c a letter', 'half \ufffd a letter'],
    ['桜 in bloom', '桜 in bloom'],
  ])('writes %j as %j', (text, expected) => {
    expect(plainText(text)).toBe(expected);
  });

  it('never makes a line wider than asked, and loses nothing when there is room', async () => {
    const prompt = 'masterpiece, 1girl, silver hair, school uniform, standing in the rain under a paper umbrella';
    for (const width of [80, 120, 300, 900]) {
      expect((await draw(prompt, width)).width).toBeLessThanOrEqual(width);
      expect(await fitText(prompt, sizePx, width, 20)).toBe(prompt);
    }
  });

  it('ends in an ellipsis when it must cut', async () => {
    const fitted = await fitText('one two three four five six seven eight nine ten', sizePx, 80, 2);
    expect(fitted).toMatch(/^one two .*…$/);
    const { width, height } = await draw(fitted, 80);
    expect(width).toBeLessThanOrEqual(80);
    expect(height).toBe(await heightOf(2, 'x'));
  });

  it.each([1, 2])('fills %d lines and no more, with letters that it has or not', async (maxLines) => {
    for (const letter of ['i', 'W ', '桜', '\u{10ffff}']) {
      const fitted = await fitText(letter.repeat(2_000), sizePx, 200, maxLines);
      expect(fitted).toMatch(/…$/);
      expect([letter, (await draw(fitted, 200)).height]).toEqual([letter, await heightOf(maxLines, letter)]);
    }
  });

  it('breaks a word that is wider than the line, and ends for a line narrower than a letter', async () => {
    expect(await fitText('a'.repeat(50), sizePx, 60, 30)).toBe('a'.repeat(50));
    expect((await draw('a'.repeat(50), 60)).width).toBeLessThanOrEqual(60);
    expect(await fitText('abc', sizePx, 1, 2)).toBe('a…');
    expect(await fitText('   ', sizePx, 60, 2)).toBe('');
  });

  it('lets no markup through', async () => {
    const written = await draw('</span><span size="90000">&"\'');
    expect(written.height).toBe((await draw('x')).height);
    expect(inkOf(await draw('<b>&amp;'))).toBeGreaterThan(inkOf(await draw('&')));
  });

  it('stands on one line whatever letters are in it', async () => {
    const [low, high] = [await draw('on'), await draw('Ofgo')];
    expect(low.height).toBe(high.height);
    expect(topOf(low) - topOf(high)).toBeGreaterThan(1);
  });

  it('draws alike with and without fontconfig and fonts on the machine, and without a word of complaint', async () => {
    const script = `
      const { drawText } = require(${JSON.stringify(join(__dirname, 'lettering.ts'))});
      drawText([{ text: '桜', colour: '#ffffff' }], ${sizePx}, 900)
        .then((drawn) => console.log(JSON.stringify(drawn)));`;
    const drawIn = (env: NodeJS.ProcessEnv) =>
      run(
        process.execPath,
        ['--require', join(__dirname, '../../testing/src/register-typescript.cjs'), '--eval', script],
        { env: { PATH: process.env['PATH'], ...env } },
      );
    const [bare, furnished] = await Promise.all([
      // A home that not even root can make.
      drawIn({ FONTCONFIG_FILE: '/proc/nowhere/fonts.conf', HOME: '/proc/nowhere' }),
      drawIn({ HOME: process.env['HOME'] }),
    ]);
    expect([bare.stderr, furnished.stderr]).toEqual(['', '']);
    expect(furnished.stdout).toBe(bare.stdout);
    const { pixels, width, height } = JSON.parse(bare.stdout) as { pixels: { data: number[] } } & Lettering;
    const drawn = { pixels: Buffer.from(pixels.data), width, height };
    expect([inkOf(drawn) > 20, isBox(drawn)]).toEqual([true, false]);
  });
});
