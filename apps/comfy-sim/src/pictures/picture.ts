import sharp from 'sharp';
import { drawSvg } from './drawing';
import { recipeFingerprint, type DrawingRecipe } from './recipe';

export type Kernel = 'nearest' | 'linear' | 'cubic' | 'lanczos3';
type Render = () => Promise<Buffer>;

/** One RGB picture of a batch. Pixels are made when somebody first needs them, and then kept. */
export class Picture {
  private rendered: Promise<Buffer> | undefined;

  private constructor(
    readonly width: number,
    readonly height: number,
    /** Equal for equal pictures; takes part in what is drawn from an encoded picture. */
    readonly fingerprint: string,
    private readonly render: Render,
    /** Set while the picture is still what a sampler made, so that img2img keeps its character. */
    readonly recipe?: DrawingRecipe,
    /** Channels from 0 to 1 of a picture of one colour. */
    readonly flatColour?: readonly number[],
  ) {}

  static drawn(recipe: DrawingRecipe, width: number, height: number): Picture {
    const render: Render = () => raw(sharp(Buffer.from(drawSvg(recipe, width, height))), width, height);
    return new Picture(width, height, recipeFingerprint(recipe), render, recipe);
  }

  static solid(rgb: number, width: number, height: number): Picture {
    const background = { r: (rgb >> 16) & 255, g: (rgb >> 8) & 255, b: rgb & 255 };
    const render: Render = () => raw(sharp({ create: { width, height, channels: 3, background } }), width, height);
    return new Picture(width, height, `solid ${rgb}`, render, undefined, [background.r / 255, background.g / 255, background.b / 255]);
  }

  /** Throws what sharp throws on a file that is no picture. */
  static async fromFile(bytes: Buffer, fingerprint: string): Promise<Picture> {
    const { data, info } = await sharp(bytes).rotate().flatten().toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const rgb = info.channels === 3 ? data : await sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
      .toColourspace('srgb').raw().toBuffer();
    return new Picture(info.width, info.height, fingerprint, () => Promise.resolve(rgb));
  }

  scaled(width: number, height: number, kernel: Kernel, position?: 'centre'): Picture {
    const fit = position === undefined ? 'fill' : 'cover';
    const render: Render = async () => raw(sharp(await this.pixels(), this.shape).resize(width, height, { kernel, fit }), width, height);
    return new Picture(width, height, `${this.fingerprint} ${width}x${height} ${kernel}`, render, this.recipe);
  }

  inverted(): Picture {
    const render: Render = async () => Buffer.from((await this.pixels()).map((value) => 255 - value));
    return new Picture(this.width, this.height, `${this.fingerprint} inverted`, render);
  }

  /** Inside a recipe a picture counts by what it shows. */
  toJSON(): string {
    return this.fingerprint;
  }

  pixels(): Promise<Buffer> {
    this.rendered ??= this.render();
    return this.rendered;
  }

  async png(compressionLevel: number): Promise<Buffer> {
    return sharp(await this.pixels(), this.shape).png({ compressionLevel, palette: false }).toBuffer();
  }

  /** All pictures must have the size of the first. */
  static async animatedWebp(pictures: readonly Picture[], options: { fps: number; lossless: boolean; quality: number }): Promise<Buffer> {
    const [first] = pictures;
    if (first === undefined) throw new Error('an animation needs a picture');
    const frames = Buffer.concat(await Promise.all(pictures.map((picture) => picture.pixels())));
    const raw = { width: first.width, height: first.height * pictures.length, channels: 3 as const, pageHeight: first.height };
    const delay = pictures.map(() => Math.round(1000 / options.fps));
    return sharp(frames, { raw }).webp({ lossless: options.lossless, quality: options.quality, loop: 0, delay }).toBuffer();
  }

  private get shape(): { raw: { width: number; height: number; channels: 3 } } {
    return { raw: { width: this.width, height: this.height, channels: 3 } };
  }
}

function raw(image: sharp.Sharp, width: number, height: number): Promise<Buffer> {
  return image.resize(width, height, { fit: 'fill' }).flatten({ background: '#000' }).removeAlpha().toColourspace('srgb').raw().toBuffer();
}
