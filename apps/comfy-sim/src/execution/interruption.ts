import type { Faults } from '../faults/faults';

/** Thrown where the server checks the interrupt flag. */
export class Interrupted extends Error {}

/** One flag for the whole process: set by HTTP, cleared by whoever notices it and at the start of every prompt. */
export class InterruptFlag {
  private raised = false;
  private hitsNext = false;

  constructor(private readonly faults: Faults) {}

  get isRaised(): boolean {
    return this.raised;
  }

  /** By a client. It may get lost, or arrive when the next prompt runs already. */
  raise(): void {
    if (this.faults.strike('lose-interrupt') !== undefined) return;
    if (this.faults.strike('collateral-interrupt') !== undefined) this.hitsNext = true;
    else this.raised = true;
  }

  raiseSurely(): void {
    this.raised = true;
  }

  startPrompt(): void {
    this.raised = this.hitsNext;
    this.hitsNext = false;
  }

  /** Noticed, and ignored. */
  swallow(): void {
    this.raised = false;
  }

  throwIfRaised(): void {
    if (!this.raised) return;
    this.raised = false;
    throw new Interrupted();
  }
}
