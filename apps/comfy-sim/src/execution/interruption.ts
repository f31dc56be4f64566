/** Thrown where the server checks the interrupt flag. */
export class Interrupted extends Error {}

/** One flag for the whole process: set by HTTP, cleared by whoever notices it and at the start of every prompt. */
export class InterruptFlag {
  private raised = false;

  raise(): void {
    this.raised = true;
  }

  clear(): void {
    this.raised = false;
  }

  throwIfRaised(): void {
    if (!this.raised) return;
    this.raised = false;
    throw new Interrupted();
  }
}
