import { sharp } from '@tower/imaging';
import type { Preview } from '../socket/frames';
import { Picture } from './picture';
import type { DrawingRecipe } from './recipe';

/** A step of the sampler: the picture comes out of the noise. Previews are scaled up or down to the longest side. */
export async function drawPreview(
  recipe: DrawingRecipe,
  width: number,
  height: number,
  progress: number,
  longestSide: number,
): Promise<Preview> {
  const scale = longestSide / Math.max(width, height);
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  // Real previews are latents of an eighth of the size, enlarged.
  const [small, tall] = [Math.max(1, Math.round(w / 8)), Math.max(1, Math.round(h / 8))];
  const noise = { type: 'gaussian', mean: 128, sigma: Math.max(1, 90 * (1 - progress)) } as const;
  const raw = { width: small * 4, height: tall * 4, channels: 3 } as const;
  const drawn = await sharp(await Picture.drawn(recipe, raw.width, raw.height).pixels(), { raw })
    .resize(small, tall)
    .png()
    .toBuffer();
  const grain = await sharp({ create: { width: small, height: tall, channels: 3, background: '#808080', noise } })
    .png()
    .toBuffer();
  const mixed = await sharp(drawn)
    .composite([{ input: grain, blend: 'soft-light' }])
    .toBuffer();
  const bytes = await sharp(mixed).resize(w, h, { kernel: 'cubic', fit: 'fill' }).jpeg({ quality: 95 }).toBuffer();
  return { format: 'jpeg', bytes };
}
