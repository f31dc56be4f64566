import { takesWork, type RenderingStatus } from '@tower/contracts';
import type { EchoGpu, WorkerStatus } from './echo.client';

/** What this installation can do now; a capability is listed when the system has it, not when it is planned. */
export const capabilities = ['still_image'];

/** `degraded` also while rendering does not answer: Echo must not send work to somebody who cannot do it. */
export function workerStatus(rendering: RenderingStatus | undefined): WorkerStatus {
  const usable = rendering?.gpus.filter(takesWork) ?? [];
  if (usable.length === 0) return 'degraded';
  return usable.every((gpu) => gpu.state !== 'idle') ? 'busy' : 'ready';
}

/** A card does one job at a time. */
export const maxConcurrentJobs = (rendering: RenderingStatus | undefined): number =>
  rendering?.gpus.filter(takesWork).length ?? 0;

export const toEchoGpus = (rendering: RenderingStatus | undefined): EchoGpu[] =>
  rendering?.gpus.map(({ name, vendor, device, vram_mb, state, simulated }) => ({
    name,
    vendor,
    device,
    vram_mb,
    state,
    simulated,
  })) ?? [];
