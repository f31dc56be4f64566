import type { CardProfile } from './card-profile';
import type { Weights } from './model-weights';
import { outOfMemoryError } from './out-of-memory';

export interface Placement {
  /** Bytes that had to be moved to the card now. */
  readonly movedBytes: number;
  /** Bytes that found no room: every pass streams them over the bus. */
  readonly missingBytes: number;
}

/**
 * What lies in a card's memory. Weights stay until others need their place, the longest unused go first and go whole;
 * what does not fit beside the activations of the work stays in RAM, down to the least share that
 * `CardProfile.leastWeightShare` asks for.
 */
export class CardMemory {
  /** Longest unused first. */
  private readonly resident = new Map<string, number>();
  /** Held by packs which manage memory themselves; nothing unloads it. */
  private foreignBytes = 0;
  private activationBytes = 0;

  constructor(private readonly profile: CardProfile) {}

  /**
   * Makes room for one piece of work and puts its weights on the card. Until `release` the activations count as used.
   * Throws torch.OutOfMemoryError when the activations and the least of the weights are more than the card has.
   */
  place(weights: readonly Weights[], activationBytes: number): Placement {
    const room =
      this.profile.vramBytes -
      this.profile.idleVramBytes -
      this.profile.reservedVramBytes -
      this.foreignBytes -
      activationBytes;
    const least = sum(weights.map((part) => this.leastBytes(part)));
    if (least > room) throw outOfMemoryError(this.profile, activationBytes, this.profile.vramBytes - this.usedBytes());
    const whole = sum(weights.map(({ bytes }) => bytes));
    const before = new Map(weights.map(({ name }) => [name, this.resident.get(name) ?? 0]));
    for (const { name } of weights) this.resident.delete(name);
    for (const oldest of this.resident.keys()) {
      if (this.residentBytes() + whole <= room) break;
      this.resident.delete(oldest);
    }
    // Whatever could not be split is there already when the split ones share the rest.
    let left =
      room - this.residentBytes() - sum(weights.filter(({ canBeSplit }) => !canBeSplit).map(({ bytes }) => bytes));
    let movedBytes = 0;
    let missingBytes = 0;
    for (const { name, bytes, canBeSplit } of weights) {
      const placed = canBeSplit ? Math.max(0, Math.min(bytes, left)) : bytes;
      if (canBeSplit) left -= placed;
      this.resident.set(name, placed);
      movedBytes += Math.max(0, placed - (before.get(name) ?? 0));
      missingBytes += bytes - placed;
    }
    this.activationBytes = activationBytes;
    return { movedBytes, missingBytes };
  }

  /** The work is done and its activations are gone; the weights stay. */
  release(): void {
    this.activationBytes = 0;
  }

  /** Memory outside the manager's reach, until the process ends. */
  holdForeign(bytes: number): void {
    this.foreignBytes = bytes;
  }

  unloadAll(): void {
    this.resident.clear();
    this.activationBytes = 0;
  }

  usedBytes(): number {
    return this.profile.idleVramBytes + this.foreignBytes + this.residentBytes() + this.activationBytes;
  }

  names(): string[] {
    return [...this.resident.keys()];
  }

  private residentBytes(): number {
    return sum([...this.resident.values()]);
  }

  private leastBytes({ bytes, canBeSplit }: Weights): number {
    return canBeSplit ? bytes * this.profile.leastWeightShare : bytes;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
