import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import type { CardDriver } from '../cards/card-driver';

/** Milliseconds after an interrupt within which it may have hit the next prompt: the server's flag is one for all. */
const collateralMs = 15_000;

/**
 * Stops prompts by their id and remembers it, because an interrupt may hit another prompt than the one that was meant.
 */
@Injectable()
export class InterruptedPrompts {
  private readonly last = new Map<string, { promptId: string; atMs: number }>();

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /** What does not run is taken out of the queue alone: an interrupt would hit what does, where a server knows no ids. */
  async stop(driver: CardDriver, promptId: string): Promise<void> {
    if (!(await driver.removePending(promptId))) return;
    this.last.set(driver.name, { promptId, atMs: this.clock.monotonicMs() });
    await driver.stopPrompt(promptId);
  }

  /** Whether another prompt than this one was stopped on the card shortly before. */
  anotherOn(gpu: string, promptId: string): boolean {
    const last = this.last.get(gpu);
    return last !== undefined && last.promptId !== promptId && this.clock.monotonicMs() - last.atMs < collateralMs;
  }
}
