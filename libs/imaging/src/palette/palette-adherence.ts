import { measureLevels } from '../guards';
import type { Rgb } from '../picture';
import { measured, notApplicable, type Outcome } from '../score';
import { colourDifference, labOfHex, labOfRgb, type Lab } from './lab';
import { mainColours } from './main-colours';

/** A palette colour this close in CIEDE2000 is taken for itself under other light. Estimate, not published. */
export const PALETTE_MAX_DIFFERENCE = 12;

/** A colour smaller than this share of the picture does not count as shown. */
export const PALETTE_MIN_SHARE = 0.01;

export interface PaletteAdherence {
  /** Share of the character's colours that are among the picture's main colours, 0..1. */
  readonly found: number;
  /** Mean CIEDE2000 from each palette colour to the nearest main colour, 0 and up: the distance to show. */
  readonly meanDifference: number;
  /** In the order of the palette. */
  readonly differences: readonly number[];
}

/**
 * How much of a character's palette the picture shows. Asks from the palette to the picture, not back: a ground of any
 * colour is no fault. Pictures of several characters are to be cropped first. Formula source: ours, no published
 * reference.
 * @param palette colours as `#rrggbb`
 * @returns no_reference for an empty palette
 * @throws RangeError for a colour that is none
 */
export function paletteAdherence(picture: Rgb, palette: readonly string[]): Outcome<PaletteAdherence> {
  if (palette.length === 0) return notApplicable('no_reference');
  const colours = mainColours(picture);
  const shown = colours.filter(({ share }) => share >= PALETTE_MIN_SHARE);
  const candidates = shown.length === 0 ? colours : shown;
  const differences = palette.map((colour) => {
    const wanted = labOfHex(colour);
    return Math.min(...candidates.map(({ lab }) => colourDifference(wanted, lab)));
  });
  return measured({
    found: differences.filter((difference) => difference <= PALETTE_MAX_DIFFERENCE).length / palette.length,
    meanDifference: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
    differences,
  });
}

/**
 * CIEDE2000 between the mean colours of two frames, 0 and up: first against last shows the slow drift of a long clip.
 */
export const colourDrift = (first: Rgb, last: Rgb): number => colourDifference(meanColour(first), meanColour(last));

function meanColour(picture: Rgb): Lab {
  const { red, green, blue } = measureLevels(picture);
  return labOfRgb(Math.round(red.mean), Math.round(green.mean), Math.round(blue.mean));
}
