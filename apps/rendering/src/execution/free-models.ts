import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, type Logger } from '@tower/kit';
import type { CardDriver } from '../cards/card-driver';

/** Milliseconds that unloading models may take before the prompt is sent all the same. */
const freeingMs = 10_000;
const freeingPollMs = 250;

/**
 * Nothing tells when the models are unloaded; the free memory stops growing then. Resolves to whether the server took
 * the request.
 */
export async function freeModels(driver: CardDriver, logger: Logger): Promise<boolean> {
  try {
    await driver.client.free();
    const until = performance.now() + freeingMs;
    for (let before = -1; performance.now() < until;) {
      await sleep(freeingPollMs);
      const free = (await driver.client.inventory.stats()).vramFreeMb ?? 0;
      if (free <= before) return true;
      before = free;
    }
    return true;
  } catch (error) {
    // It is only asked to make room; the prompt itself shows whether there is any.
    logger.info({ gpu: driver.name }, `unloading the models of ${driver.name}: ${describeError(error)}`);
    return false;
  }
}
