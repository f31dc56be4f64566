import type { CardProfile } from './card-profile';
import { familyOf } from './model-family';
import { seededRandom } from './random';

const referencePixels = 512 * 768;
/** Attention grows faster than the picture. */
const pixelExponent = 1.15;
/** A tiny picture keeps a card busy with starting kernels: no step costs less than this share of the reference. */
const leastWork = 0.08;
const noiseShare = 0.04;
const megapixel = 1_000_000;
/** An RRDBNet-like upscaler runs in tiles of this size. */
export const upscaleTile = 512;

/** The simulated GPU: how long things take and what lies in its memory. All seconds are before the time scale. */
export class Card {
  private readonly resident = new Map<string, number>();
  private readonly readBefore = new Set<string>();
  private readonly random: () => number;
  /** Multiplies every duration; the `slow` fault sets it. */
  slowness = 1;

  constructor(
    readonly profile: CardProfile,
    seed: number,
  ) {
    this.random = seededRandom(seed);
  }

  /** Reading a checkpoint: from disk the first time, from the page cache later. */
  loadSeconds(fileName: string): number {
    const { fileBytes } = familyOf(fileName);
    const warm = this.readBefore.has(fileName);
    this.readBefore.add(fileName);
    return this.noisy(fileBytes / (warm ? this.profile.cachedBytesPerSecond : this.profile.diskBytesPerSecond));
  }

  /** Moves a model to the card, pushing the longest unused ones out. Free when it lies there already. */
  makeResident(fileName: string): number {
    const bytes = familyOf(fileName).fileBytes;
    const known = this.resident.delete(fileName);
    for (const oldest of this.resident.keys()) {
      if (this.usedBytes() + bytes <= this.profile.vramBytes) break;
      this.resident.delete(oldest);
    }
    this.resident.set(fileName, bytes);
    return known ? 0 : this.noisy(bytes / (8 * this.profile.cachedBytesPerSecond));
  }

  stepSeconds(fileName: string, pixels: number, batch: number, cfg: number): number {
    const work = Math.max(leastWork, (pixels / referencePixels) ** pixelExponent * batch);
    // Without guidance the model runs once per step instead of twice.
    const passes = cfg === 1 ? 0.55 : 1;
    return this.noisy(this.profile.stepSeconds * familyOf(fileName).stepFactor * work * passes);
  }

  textEncodeSeconds(): number {
    return this.noisy(this.profile.textEncodeSeconds);
  }

  decodeSeconds(pixels: number, batch: number): number {
    return this.noisy((this.profile.decodeSeconds * pixels * batch) / megapixel);
  }

  upscaleSecondsPerTile(): number {
    return this.noisy((this.profile.upscaleSeconds * upscaleTile ** 2) / megapixel);
  }

  unloadAll(): void {
    this.resident.clear();
  }

  usedBytes(): number {
    return [...this.resident.values()].reduce((sum, bytes) => sum + bytes, this.profile.idleVramBytes);
  }

  residentModels(): string[] {
    return [...this.resident.keys()];
  }

  private noisy(seconds: number): number {
    return seconds * this.slowness * (1 + noiseShare * (2 * this.random() - 1));
  }
}
