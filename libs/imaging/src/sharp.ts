import sharp from 'sharp';

/**
 * libvips with the four loaders of pictures that ComfyUI writes. It brings a dozen more (SVG, PDF, TIFF, HEIF,
 * whatever ImageMagick reads), each a parser that a file from outside could reach if a look at its first bytes were
 * ever forgotten. For the whole process: who needs another one unblocks that one.
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'],
});

/**
 * What every picture from outside is opened with, whatever else is asked of it: damage is an error, and neither the
 * pixels nor the memory of a loader are without end. `limitInputPixels` counts every page that is opened; for a header
 * it is what the format itself allows, so that a bomb is refused by its own name.
 */
export const fromOutside = { failOn: 'error', unlimited: false, limitInputPixels: 0x3fff * 0x3fff } as const;

/**
 * For a process that draws SVG of its own making; SVG from outside is refused by its first bytes before any loader
 * sees it.
 */
export function allowOwnSvg(): void {
  sharp.unblock({ operation: ['VipsForeignLoadSvg'] });
}

export { sharp };
export type { Metadata, OverlayOptions, Sharp } from 'sharp';
