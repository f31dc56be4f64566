import type { Placement } from '../card/card-memory';
import type { Weights } from '../card/model-weights';
import type { NodeCall } from './node-behaviour';

/**
 * Puts weights on the card, does the work and gives the activations back. Throws torch.OutOfMemoryError, before any
 * work, when the card has not room for both.
 */
export async function onCard<T>(
  call: NodeCall,
  weights: readonly Weights[],
  activationBytes: number,
  work: (placement: Placement) => Promise<T>,
): Promise<T> {
  const { card } = call.runtime;
  const placement = card.place(weights, activationBytes);
  try {
    await call.runtime.work(placement.seconds);
    if (placement.missingBytes > 0)
      call.runtime.log(`loaded partially; ${Math.round(placement.missingBytes / 1024 ** 2)} MB stay in RAM`);
    return await work(placement);
  } finally {
    card.memory.release();
  }
}
