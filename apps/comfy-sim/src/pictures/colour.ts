/** Colours as hue 0–360, saturation and lightness 0–100. */
export interface Colour {
  readonly hue: number;
  readonly saturation: number;
  readonly lightness: number;
}

export const colour = (hue: number, saturation: number, lightness: number): Colour => ({ hue, saturation, lightness });

export function css({ hue, saturation, lightness }: Colour): string {
  return `hsl(${round(((hue % 360) + 360) % 360)},${round(saturation)}%,${round(lightness)}%)`;
}

const clamp = (value: number): number => Math.min(100, Math.max(0, value));

export function lighter(base: Colour, by: number): Colour {
  return colour(base.hue, base.saturation, clamp(base.lightness + by));
}

/** Shadows of drawn skin and hair lean towards violet. */
export function shaded(base: Colour, by = 14): Colour {
  return colour(
    base.hue + (base.hue > 60 && base.hue < 240 ? 10 : -10),
    clamp(base.saturation + 4),
    clamp(base.lightness - by),
  );
}

export const round = (value: number): number => Math.round(value * 100) / 100;

/** For what moves: a hundredth of a pixel or degree would show as a stutter. */
export const fine = (value: number): number => Math.round(value * 10_000) / 10_000;

/** Words of prompts. Longer names first where one contains the other. */
const colourWords: Record<string, Colour> = {
  'light blue': colour(200, 75, 72),
  'dark blue': colour(225, 60, 32),
  'sky blue': colour(200, 75, 68),
  blonde: colour(47, 82, 68),
  blond: colour(47, 82, 68),
  golden: colour(45, 85, 60),
  gold: colour(45, 85, 58),
  blue: colour(215, 70, 55),
  aqua: colour(183, 65, 58),
  teal: colour(178, 55, 42),
  cyan: colour(187, 70, 58),
  red: colour(356, 72, 50),
  crimson: colour(348, 75, 42),
  pink: colour(338, 78, 76),
  magenta: colour(315, 70, 58),
  purple: colour(275, 50, 55),
  violet: colour(268, 55, 62),
  lavender: colour(262, 55, 78),
  green: colour(135, 45, 45),
  emerald: colour(150, 60, 40),
  mint: colour(155, 50, 72),
  orange: colour(24, 85, 58),
  yellow: colour(52, 88, 62),
  amber: colour(38, 85, 50),
  brown: colour(22, 45, 32),
  black: colour(230, 18, 17),
  white: colour(220, 18, 92),
  silver: colour(215, 16, 80),
  grey: colour(215, 8, 60),
  gray: colour(215, 8, 60),
  auburn: colour(14, 58, 36),
};

const alternatives = Object.keys(colourWords)
  .sort((a, b) => b.length - a.length)
  .join('|');

/** The colour said of a thing: "long blue hair", "red eyes". One adjective may stand between. */
export function colourOf(thing: string, text: string): Colour | undefined {
  const found = new RegExp(`\\b(${alternatives})(?:[- ](?:\\w+[- ])?)${thing}\\b`, 'i').exec(text);
  return found === null ? undefined : colourWords[(found[1] ?? '').toLowerCase()];
}
