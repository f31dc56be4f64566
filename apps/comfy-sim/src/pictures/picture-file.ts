import { readFileSync } from 'node:fs';
import { fromOutside, recogniseFormat, sharp, type Sharp } from '@tower/imaging';

/**
 * A picture that was uploaded or saved, opened with the limits for everything that comes from outside. By its first
 * bytes, because this process also draws SVG of its own. Throws `PictureRefusal` for anything but PNG, JPEG, WebP and
 * GIF.
 */
export function openPictureFile(source: string | Buffer): Sharp {
  const bytes = typeof source === 'string' ? readFileSync(source) : source;
  recogniseFormat(bytes);
  return sharp(bytes, fromOutside);
}
