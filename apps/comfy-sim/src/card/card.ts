import { seededRandom } from '@tower/kit';
import { CardMemory, type Placement } from './card-memory';
import type { CardProfile } from './card-profile';
import type { ModelFamily } from './model-family';
import type { Weights } from './model-weights';

/** Latent cells of 512×768. */
const referenceCells = 64 * 96;
/** Attention grows faster than the picture. */
const cellExponent = 1.15;
/** A tiny picture keeps a card busy with starting kernels: no step costs less than this share of the reference. */
const leastWork = 0.08;
const noiseShare = 0.04;
const megapixel = 1_000_000;
/** Parameters of the encoder that `textEncodeSeconds` is about; larger ones take less than their share more. */
const referenceEncoder = 0.123e9;
const encoderExponent = 0.7;
/** How much longer a text encoder takes where there is no card. */
const cpuEncodeFactor = 12;
/**
 * An RRDBNet-like upscaler runs in tiles of this size, of half of it when it finds no room, and at last of a quarter.
 */
export const upscaleTiles = [512, 256, 128] as const;

/** One step of a sampler, before it is told how long it takes. */
export interface StepWork {
  readonly family: ModelFamily;
  /** Latent cells of one frame, and frames one pass goes over. */
  readonly cells: number;
  readonly frames: number;
  /** Passes over such windows in one step. */
  readonly windows: number;
  /** Guidance runs the network twice. */
  readonly guided: boolean;
  /** Above 1 for what makes a step longer: control networks, unpacking of quantised weights. */
  readonly factor: number;
  readonly missingBytes: number;
}

/** The simulated GPU: how long things take and what lies in its memory. All seconds are before the time scale. */
export class Card {
  readonly memory: CardMemory;
  private readonly readBefore = new Set<string>();
  private readonly random: () => number;
  /** Multiplies every duration; the `slow` fault sets it. */
  slowness = 1;

  constructor(
    readonly profile: CardProfile,
    seed: number,
  ) {
    this.random = seededRandom(seed);
    this.memory = new CardMemory(profile);
  }

  /** Reading a file into RAM: from disk the first time, from the page cache later. */
  readSeconds(fileName: string, bytes: number): number {
    const warm = this.readBefore.has(fileName);
    this.readBefore.add(fileName);
    return this.noisy(bytes / (warm ? this.profile.cachedBytesPerSecond : this.profile.diskBytesPerSecond));
  }

  /** Puts weights on the card; throws what torch throws when the work does not fit. */
  place(weights: readonly Weights[], activationBytes: number): Placement & { readonly seconds: number } {
    const placement = this.memory.place(weights, activationBytes);
    return { ...placement, seconds: this.noisy(placement.movedBytes / this.profile.busBytesPerSecond) };
  }

  /**
   * Grows with the cells to the power of 1.15 as attention does, and with what must be streamed because it found no
   * room.
   */
  stepSeconds(step: StepWork): number {
    const work = Math.max(leastWork, ((step.cells * step.frames) / referenceCells) ** cellExponent) * step.windows;
    // Without guidance the model runs once per step instead of twice.
    const passes = step.guided ? 1 : 0.55;
    const streamed = (step.missingBytes * step.windows * (step.guided ? 2 : 1)) / this.profile.busBytesPerSecond;
    return this.noisy(this.profile.stepSeconds * step.family.stepFactor * step.factor * work * passes + streamed);
  }

  /** @param parameters of the encoder */
  textEncodeSeconds(parameters = referenceEncoder, onCpu = false): number {
    const size = Math.max(1, parameters / referenceEncoder) ** encoderExponent;
    const place = onCpu && this.profile.vendor !== 'cpu' ? cpuEncodeFactor : 1;
    return this.noisy(this.profile.textEncodeSeconds * size * place);
  }

  /** @param factor of a VAE relative to that of SD1.5 */
  decodeSeconds(pixels: number, pictures: number, factor = 1): number {
    return this.noisy((this.profile.decodeSeconds * pixels * pictures * factor) / megapixel);
  }

  upscaleSecondsPerTile(tile: number = upscaleTiles[0]): number {
    return this.noisy((this.profile.upscaleSeconds * tile ** 2) / megapixel);
  }

  unloadAll(): void {
    this.memory.unloadAll();
  }

  usedBytes(): number {
    return this.memory.usedBytes();
  }

  residentModels(): string[] {
    return this.memory.names();
  }

  private noisy(seconds: number): number {
    return seconds * this.slowness * (1 + noiseShare * (2 * this.random() - 1));
  }
}
