import { decoding, openPicture } from './decode';
import { drawText, fitText, type Lettering, type Paragraph } from './lettering';
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
const captionSizePx = 12;
const titleSizePx = 20;
const promptLines = 2;

/**
 * One PNG with all pictures in reading order on a dark ground and their captions below, in letters that are the same
 * on every machine. A picture that is refused leaves a framed gap that names the reason, since a sheet that
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

  const width = gapPx + columns * (cellSide + gapPx);
  const heading = await fitted(options.title ?? '', colours.title, titleSizePx, width - 2 * gapPx, 1);
  const title = await drawText([heading], titleSizePx, width - 2 * gapPx);
  const cells: Cell[] = [];
  // One after the other: a full-size picture takes hundreds of megabytes while it decodes.
  for (const { picture, captionLines } of items)
    cells.push({
      well: await fitPicture(picture, cellSide, limits),
      caption: await letterCaption(captionLines, cellSide),
    });
  const sheet = layOut(cells, columns, cellSide, title);
  const frames = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${sheet.height}">${sheet.frames}</svg>`,
  );
  allowOwnSvg();
  return sharp({ create: { width, height: sheet.height, channels: 3, background: colours.background } })
    .composite([{ input: frames, left: 0, top: 0 }, ...sheet.overlays])
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

interface Cell {
  readonly well: Well;
  readonly caption: Lettering | undefined;
}

/** The picture, or the reason why there is none. */
type Well =
  | { readonly pixels: Buffer; readonly width: number; readonly height: number }
  | { readonly refusal: Lettering | undefined };

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
    if (error instanceof PictureRefusal) return { refusal: await letterRefusal(error, side) };
    throw error;
  }
}

interface Sheet {
  readonly height: number;
  /** SVG of the rectangles behind the pictures. */
  readonly frames: string;
  readonly overlays: readonly OverlayOptions[];
}

function layOut(cells: readonly Cell[], columns: number, side: number, title: Lettering | undefined): Sheet {
  const frames: string[] = [];
  const overlays: OverlayOptions[] = [];
  let top = gapPx;
  if (title !== undefined) {
    overlays.push(lay(title, gapPx, top));
    top += title.height + gapPx;
  }
  for (let first = 0; first < cells.length; first += columns) {
    const row = cells.slice(first, first + columns);
    // A row is as tall as its tallest picture, so a sheet of wide shots does not waste half its height.
    const wellHeight = Math.max(...row.map(({ well }) => ('refusal' in well ? Math.round(side / 2) : well.height)));
    row.forEach(({ well, caption }, column) => {
      const left = gapPx + column * (side + gapPx);
      const frame = `x="${left - 0.5}" y="${top - 0.5}" width="${side + 1}" height="${wellHeight + 1}"`;
      frames.push(`<rect ${frame} fill="${colours.well}" stroke="${colours.edge}"/>`);
      overlays.push(...fill(well, left, top, side, wellHeight));
      if (caption !== undefined) overlays.push(lay(caption, left, top + wellHeight + captionGapPx));
    });
    top += wellHeight + captionGapPx + Math.max(0, ...row.map(({ caption }) => caption?.height ?? 0)) + gapPx;
  }
  return { height: top, frames: frames.join(''), overlays };
}

function fill(well: Well, left: number, top: number, side: number, wellHeight: number): OverlayOptions[] {
  if ('refusal' in well) {
    const { refusal } = well;
    if (refusal === undefined) return [];
    return [lay(refusal, left + gapPx, top + Math.max(0, Math.round((wellHeight - refusal.height) / 2)))];
  }
  const { pixels, width, height } = well;
  return [
    {
      input: pixels,
      raw: { width, height, channels: 3 },
      left: left + Math.floor((side - width) / 2),
      top: top + Math.floor((wellHeight - height) / 2),
    },
  ];
}

const lay = ({ pixels, width, height }: Lettering, left: number, top: number): OverlayOptions => ({
  input: pixels,
  raw: { width, height, channels: 4 },
  left,
  top,
});

async function letterCaption(lines: readonly string[], widthPx: number): Promise<Lettering | undefined> {
  const paragraphs = await Promise.all(
    lines.map((line, index) =>
      index === 0
        ? fitted(line, colours.prompt, captionSizePx, widthPx, promptLines)
        : fitted(line, colours.detail, captionSizePx, widthPx, 1),
    ),
  );
  return drawText(paragraphs, captionSizePx, widthPx);
}

async function letterRefusal(refusal: PictureRefusal, side: number): Promise<Lettering | undefined> {
  const widthPx = side - 2 * gapPx;
  if (widthPx < captionSizePx) return undefined;
  const reason = `no picture: ${refusal.reason.replaceAll('_', ' ')}`;
  return drawText([await fitted(reason, colours.refusal, captionSizePx, widthPx, 2)], captionSizePx, widthPx);
}

async function fitted(
  text: string,
  colour: string,
  sizePx: number,
  widthPx: number,
  maxLines: number,
): Promise<Paragraph> {
  return { text: await fitText(text, sizePx, widthPx, maxLines), colour };
}
