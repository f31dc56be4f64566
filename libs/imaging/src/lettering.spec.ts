import { glyphOf, hasGlyph } from './glyphs';
import { letterLine, measureText, transliterate, wrapText } from './lettering';

describe('lettering', () => {
  it('has a drawing for every printable ASCII letter, each inside its box', () => {
    for (let code = 0x20; code < 0x7f; code += 1) {
      const letter = String.fromCharCode(code);
      expect([letter, hasGlyph(letter)]).toEqual([letter, true]);
      expect(glyphOf(letter).ink === '').toBe(letter === ' ');
    }
  });

  it('draws a box for what it does not know', () => {
    expect(hasGlyph('桜')).toBe(false);
    expect(glyphOf('桜')).toEqual(glyphOf('🌸'));
  });

  it.each([
    ['Łódź, Čapek, Zoë', 'Lodz, Capek, Zoe'],
    ['Ёлка и Щука', 'Elka i Shchuka'],
    ['a\tb\n\n c\u0000\u200d ', 'a b c'],
    ['“quoted” — it’s…', '"quoted" – it\'s…'],
    ['Ａｎｉｍｅ ①', 'Anime 1'],
    ['桜 in bloom', '桜 in bloom'],
  ])('writes %p as %p', (text, expected) => {
    expect(transliterate(text)).toBe(expected);
  });

  it('never makes a line wider than asked, and loses nothing when there is room', () => {
    const prompt = 'masterpiece, 1girl, silver hair, school uniform, standing in the rain under a paper umbrella';
    for (const width of [80, 120, 300, 900]) {
      const lines = wrapText(prompt, 9, width, 20);
      for (const line of lines) expect(measureText(line, 9)).toBeLessThanOrEqual(width);
      expect(lines.join(' ')).toBe(prompt);
    }
  });

  it('ends in an ellipsis when it must cut', () => {
    const lines = wrapText('one two three four five six seven eight nine ten', 9, 80, 2);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/…$/);
    expect(measureText(lines[1]!, 9)).toBeLessThanOrEqual(80);
  });

  it('breaks a word that is wider than the line, and ends for a line narrower than a letter', () => {
    expect(wrapText('a'.repeat(50), 9, 60, 30).join('')).toBe('a'.repeat(50));
    expect(wrapText('abc', 9, 1, 2)).toHaveLength(2);
    expect(wrapText('   ', 9, 60, 2)).toEqual([]);
  });

  it('lets no markup through', () => {
    expect(letterLine('</g><script>&"\'', 0, 0, 9, '#fff')).not.toMatch(/script|&/);
  });
});
