import { decoding, openPicture } from './decode';
import { letterLine, textHeight, wrapText } from './lettering';
import { PictureRefusal, type PictureLimits, type PictureSource } from './picture';
import { allowOwnSvg, sharp, type OverlayOptions } from './sharp';

export interface ContactSheetItem {
  readonly picture: PictureSource;
  /** The first line is the prompt and may take two lines; each other line takes one. */
  readonly captionLines: readonly string[];
}

export interface ContactSheetOptions {
  readonly title?: string;
  /** Default: as square a sheet as the pictures allow, at most six columns. */
  readonly columns?: number;
  /** Side in pixels of the square each picture is fitted into. */
  readonly cellSide?: number;
  readonly limits?: Partial<PictureLimits>;
}

/** Keeps a sheet below the size that viewers still open; 400 cells of 320 px are about 6500 x 8500. */
export const MAX_SHEET_ITEMS = 400;

const colours = {
  background: '#14161b',
  well: '#1d2027',
  edge: '#2c313b',
  title: '#f3f5f8',
  prompt: '#dfe3ea',
  detail: '#8f99a8',
  refusal: '#e2826f',
} as const;

const gapPx = 20;
const captionGapPx = 12;
const lineGapPx = 5;
const promptCapPx = 9;
const detailCapPx = 8;
const titleCapPx = 15;
const promptLines = 2;

/**
 * One PNG with all pictures in reading order on a dark ground and their captions below. Letters are drawn by ourselves:
 * a bare machine has no fonts. A picture that is refused leaves a framed gap that names the reason, since a sheet that
 * fails because of one file helps nobody.
 * @throws RangeError for no items, more than MAX_SHEET_ITEMS, or sides that are not positive whole numbers; the file
 *   system's own error for a path that cannot be read.
 */
export async function makeContactSheet(
  items: readonly ContactSheetItem[],
  options: ContactSheetOptions = {},
): Promise<Buffer> {
  const { cellSide = 320, limits = {} } = options;
  const columns = options.columns ?? Math.min(6, Math.ceil(Math.sqrt(items.length)));
  if (items.length === 0 || items.length > MAX_SHEET_ITEMS)
    throw new RangeError(`a contact sheet takes 1 to ${MAX_SHEET_ITEMS} pictures, got ${items.length}`);
  if (![cellSide, columns].every((value) => Number.isInteger(value) && value > 0))
    throw new RangeError(`cellSide and columns must be positive whole numbers, got ${cellSide} and ${columns}`);

  const wells: Well[] = [];
  // One after the other: a full-size picture takes hundreds of megabytes while it decodes.
  for (const { picture } of items) wells.push(await fitPicture(picture, cellSide, limits));
  const sheet = layOut(items, wells, columns, cellSide, options.title);
  const lettering = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${sheet.width}" height="${sheet.height}">${sheet.svg}</svg>`,
  );
  allowOwnSvg();
  return sharp({ create: { width: sheet.width, height: sheet.height, channels: 3, background: colours.background } })
    .composite([{ input: lettering, left: 0, top: 0 }, ...sheet.pictures])
    .png({ compressionLevel: 8 })
    .toBuffer();
}

interface CaptionFacts {
  readonly prompt: string;
  readonly seed: number | bigint | string;
  readonly card: string;
  readonly seconds: number;
}

/** The caption of a generated picture: prompt, seed, then card and time. */
export const captionLines = ({ prompt, seed, card, seconds }: CaptionFacts): string[] => [
  prompt,
  `seed ${seed}`,
  `${card} · ${seconds.toFixed(seconds < 10 ? 2 : 1)} s`,
];

type Well =
  { readonly pixels: Buffer; readonly width: number; readonly height: number } | { readonly refusal: PictureRefusal };

async function fitPicture(source: PictureSource, side: number, limits: Partial<PictureLimits>): Promise<Well> {
  try {
    const { pipeline, bytes } = await openPicture(source, limits, { ignoreIcc: false });
    const fitted = pipeline
      .autoOrient()
      .resize({ width: side, height: side, fit: 'inside' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw();
    const { data, info } = await decoding(bytes, () => fitted.toBuffer({ resolveWithObject: true }));
    return { pixels: data, width: info.width, height: info.height };
  } catch (error) {
    if (error instanceof PictureRefusal) return { refusal: error };
    throw error;
  }
}

interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly svg: string;
  readonly pictures: readonly OverlayOptions[];
}

function layOut(
  items: readonly ContactSheetItem[],
  wells: readonly Well[],
  columns: number,
  side: number,
  title: string | undefined,
): Sheet {
  const width = gapPx + columns * (side + gapPx);
  const svg: string[] = [];
  const pictures: OverlayOptions[] = [];
  let top = gapPx;
  const heading = title === undefined ? [] : wrapText(title, titleCapPx, width - 2 * gapPx, 1);
  for (const line of heading) {
    svg.push(letterLine(line, gapPx, top, titleCapPx, colours.title));
    top += Math.ceil(textHeight(titleCapPx)) + gapPx;
  }
  for (let first = 0; first < items.length; first += columns) {
    const rowItems = items.slice(first, first + columns);
    const rowWells = wells.slice(first, first + columns);
    // A row is as tall as its tallest picture, so a sheet of wide shots does not waste half its height.
    const wellHeight = Math.max(...rowWells.map((well) => ('refusal' in well ? Math.round(side / 2) : well.height)));
    const captions = rowItems.map((item) => letterCaption(item.captionLines, side));
    rowWells.forEach((well, column) => {
      const left = gapPx + column * (side + gapPx);
      svg.push(
        `<rect x="${left - 0.5}" y="${top - 0.5}" width="${side + 1}" height="${wellHeight + 1}" fill="${colours.well}" stroke="${colours.edge}"/>`,
      );
      if ('refusal' in well) svg.push(...letterRefusal(well.refusal, left, top, side, wellHeight));
      else {
        const { pixels, width: w, height: h } = well;
        pictures.push({
          input: pixels,
          raw: { width: w, height: h, channels: 3 },
          left: left + Math.floor((side - w) / 2),
          top: top + Math.floor((wellHeight - h) / 2),
        });
      }
      svg.push(...(captions[column]?.draw(left, top + wellHeight + captionGapPx) ?? []));
    });
    top += wellHeight + captionGapPx + Math.max(0, ...captions.map(({ height }) => height)) + gapPx;
  }
  return { width, height: top, svg: svg.join(''), pictures };
}

interface Caption {
  readonly height: number;
  draw(left: number, top: number): string[];
}

function letterCaption(lines: readonly string[], widthPx: number): Caption {
  const [prompt, ...details] = lines;
  const set = [
    ...wrapText(prompt ?? '', promptCapPx, widthPx, promptLines).map((text) => ({
      text,
      cap: promptCapPx,
      colour: colours.prompt,
    })),
    ...details.flatMap((detail) =>
      wrapText(detail, detailCapPx, widthPx, 1).map((text) => ({ text, cap: detailCapPx, colour: colours.detail })),
    ),
  ];
  const advance = (cap: number): number => Math.ceil(textHeight(cap)) + lineGapPx;
  return {
    height: set.reduce((sum, { cap }) => sum + advance(cap), 0),
    draw: (left, top) => {
      let y = top;
      return set.map(({ text, cap, colour }) => {
        const line = letterLine(text, left + 1, y, cap, colour);
        y += advance(cap);
        return line;
      });
    },
  };
}

function letterRefusal(refusal: PictureRefusal, left: number, top: number, side: number, height: number): string[] {
  const lines = wrapText(`no picture: ${refusal.reason.replaceAll('_', ' ')}`, promptCapPx, side - 2 * gapPx, 2);
  const y = top + height / 2 - textHeight(promptCapPx) / 2;
  return lines.map((line, index) =>
    letterLine(line, left + gapPx, y + index * (textHeight(promptCapPx) + lineGapPx), promptCapPx, colours.refusal),
  );
}
