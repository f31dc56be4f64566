import { createHash } from 'node:crypto';
import { allowOwnSvg, sharp } from '@tower/imaging';
import { drawSvg } from './drawing';
import { filmFrame, hasKeyframes, mixed } from './keyframes';
import { openPictureFile } from './picture-file';
import { recipeFingerprint, type DrawingRecipe } from './recipe';

allowOwnSvg();

export type Kernel = 'nearest' | 'linear' | 'cubic' | 'lanczos3';
type Render = () => Promise<Buffer>;
type Remake = (recipe: DrawingRecipe) => Picture;

/** What is known of how a picture came about; see its properties. */
interface Origin {
  readonly recipe?: DrawingRecipe | undefined;
  readonly flatColour?: readonly number[];
  readonly remake?: Remake | undefined;
  readonly isNamedFace?: boolean | undefined;
}

/** One RGB picture of a batch. Pixels are made when somebody first needs them, and then kept. */
export class Picture {
  private rendered: Promise<Buffer> | undefined;
  private readonly covers = new Map<string, Picture>();

  /** Set while the picture is still what a sampler made, so that img2img keeps its character. */
  readonly recipe: DrawingRecipe | undefined;
  /** Channels from 0 to 1 of a picture of one colour. */
  readonly flatColour: readonly number[] | undefined;
  /** Does to another drawing what was done to this one. */
  private readonly remake: Remake | undefined;
  /** The file it came from calls itself a face or a portrait. */
  readonly isNamedFace: boolean;

  private constructor(
    readonly width: number,
    readonly height: number,
    /** Equal for equal pictures; takes part in what is drawn from an encoded picture. */
    readonly fingerprint: string,
    private readonly render: Render,
    origin: Origin = {},
  ) {
    this.recipe = origin.recipe;
    this.flatColour = origin.flatColour;
    this.remake = origin.remake;
    this.isNamedFace = origin.isNamedFace ?? false;
  }

  static drawn(recipe: DrawingRecipe, width: number, height: number): Picture {
    const drawing: Render = () =>
      raw(sharp(Buffer.from(drawSvg(recipe, width, height))).resize(width, height, { fit: 'fill' }));
    const { motion } = recipe;
    const render: Render =
      recipe.sampled && motion !== undefined && hasKeyframes(motion)
        ? () => filmFrame(recipe, motion, width, height, drawing)
        : drawing;
    const remake: Remake = (other) => Picture.drawn(other, width, height);
    return new Picture(width, height, recipeFingerprint(recipe), render, { recipe, remake });
  }

  /**
   * What lies between two frames; `share` of the way from the first to the second, 0 to 1. Neighbours of one drawn film
   * give the drawing of that moment, others a blend. The second takes the size of the first.
   */
  static between(first: Picture, second: Picture, share: number): Picture {
    const moment = momentBetween(first, second, share);
    if (moment !== undefined && first.remake !== undefined) return first.remake(moment);
    const { width, height } = first;
    const other = second.width === width && second.height === height ? second : second.scaled(width, height, 'linear');
    const render: Render = async () => mixed(await first.pixels(), await other.pixels(), share);
    return new Picture(width, height, `${first.fingerprint} ${share} ${other.fingerprint}`, render);
  }

  static solid(rgb: number, width: number, height: number): Picture {
    const background = { r: (rgb >> 16) & 255, g: (rgb >> 8) & 255, b: rgb & 255 };
    const render: Render = () => raw(sharp({ create: { width, height, channels: 3, background } }));
    const flatColour = [background.r / 255, background.g / 255, background.b / 255];
    return new Picture(width, height, `solid ${rgb}`, render, { flatColour });
  }

  /** RGB, three bytes a pixel. */
  static fromPixels(rgb: Buffer, width: number, height: number): Picture {
    return new Picture(width, height, createHash('sha256').update(rgb).digest('hex'), () => Promise.resolve(rgb));
  }

  /**
   * What is transparent shows the colours that were hidden, as Pillow's `convert("RGB")` does. Throws `PictureRefusal`,
   * or what sharp throws, on a file that is no picture.
   */
  static async fromFile(
    bytes: Buffer,
    fingerprint: string,
    about: { recipe?: DrawingRecipe | undefined; isNamedFace?: boolean } = {},
  ): Promise<Picture> {
    const upright = openPictureFile(bytes).rotate().toColourspace('srgb').removeAlpha();
    const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true });
    const rgb =
      info.channels === 3
        ? data
        : await sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
            .toColourspace('srgb')
            .raw()
            .toBuffer();
    return new Picture(info.width, info.height, fingerprint, () => Promise.resolve(rgb), about);
  }

  scaled(width: number, height: number, kernel: Kernel, position?: 'centre'): Picture {
    const fit = position === undefined ? 'fill' : 'cover';
    const render: Render = async () =>
      raw(sharp(await this.pixels(), this.shape).resize(width, height, { kernel, fit }));
    const { remake } = this;
    const again: Remake | undefined =
      remake === undefined ? undefined : (recipe) => remake(recipe).scaled(width, height, kernel, position);
    const { recipe, isNamedFace } = this;
    const fingerprint = `${this.fingerprint} ${width}x${height} ${kernel}`;
    return new Picture(width, height, fingerprint, render, { recipe, remake: again, isNamedFace });
  }

  /**
   * At the size of a film's frame, the middle kept. The same object for the same size, as all frames of a film ask for
   * it.
   */
  covering(width: number, height: number): Picture {
    if (width === this.width && height === this.height) return this;
    const key = `${width}x${height}`;
    const cover = this.covers.get(key) ?? this.scaled(width, height, 'lanczos3', 'centre');
    this.covers.set(key, cover);
    return cover;
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
    return sharp(await this.pixels(), this.shape)
      .png({ compressionLevel, palette: false })
      .toBuffer();
  }

  /** Filled up to a multiple of `size` pixels by its edges, as video codecs want it; itself when it is one. */
  aligned(size: number): Picture {
    const [right, down] = [(size - (this.width % size)) % size, (size - (this.height % size)) % size];
    if (right === 0 && down === 0) return this;
    const [left, top] = [Math.floor(right / 2), Math.floor(down / 2)];
    const render: Render = async () =>
      sharp(await this.pixels(), this.shape)
        .extend({ left, top, right: right - left, bottom: down - top, extendWith: 'copy' })
        .raw()
        .toBuffer();
    return new Picture(this.width + right, this.height + down, `${this.fingerprint} aligned ${size}`, render);
  }

  cropped(left: number, top: number, width: number, height: number): Picture {
    const render: Render = async () =>
      sharp(await this.pixels(), this.shape)
        .extract({ left, top, width, height })
        .raw()
        .toBuffer();
    return new Picture(width, height, `${this.fingerprint} cropped ${left} ${top} ${width}x${height}`, render);
  }

  private get shape(): { raw: { width: number; height: number; channels: 3 } } {
    return { raw: { width: this.width, height: this.height, channels: 3 } };
  }
}

/** Must not resize: a second resize of one pipeline replaces the first. */
function raw(image: sharp.Sharp): Promise<Buffer> {
  return image.flatten({ background: '#000' }).removeAlpha().toColourspace('srgb').raw().toBuffer();
}

/** The recipe of a moment between two frames of one film that were treated alike. */
function momentBetween(first: Picture, second: Picture, share: number): DrawingRecipe | undefined {
  const [from, to] = [first.recipe, second.recipe];
  if (
    from?.motion === undefined ||
    to?.motion === undefined ||
    first.width !== second.width ||
    first.height !== second.height
  )
    return undefined;
  const { index, count, closed } = from.motion;
  const at = (recipe: DrawingRecipe, frame: number): DrawingRecipe => ({
    ...recipe,
    motion: recipe.motion && { ...recipe.motion, index: frame },
  });
  if (recipeFingerprint(at(from, 0)) !== recipeFingerprint(at(to, 0))) return undefined;
  const treatment = ({ fingerprint }: Picture, recipe: DrawingRecipe): string =>
    fingerprint.slice(recipeFingerprint(recipe).length);
  if (treatment(first, from) !== treatment(second, to)) return undefined;
  // A loop goes on from its last frame to the first, which interpolators are given once more at the end.
  const next = closed && to.motion.index < index ? to.motion.index + count : to.motion.index;
  return next > index && next - index <= 1 ? at(from, index + share * (next - index)) : undefined;
}
