import { PyError } from '../python/errors';
import type { CardProfile } from './card-profile';

const gibibyte = 1024 ** 3;
export const outOfMemory = 'torch.OutOfMemoryError';

const gib = (bytes: number): string => (Math.max(0, bytes) / gibibyte).toFixed(2);

/**
 * The exception of a card without room. NVIDIA's default allocator says no figures, ROCm's says what was asked for; on
 * a CPU it is the host's memory, and another exception, after which nothing is unloaded.
 */
export function outOfMemoryError(profile: CardProfile, wantedBytes: number, freeBytes: number): PyError {
  switch (profile.vendor) {
    case 'nvidia':
      return new PyError(outOfMemory, 'Allocation on device ');
    case 'amd':
      return new PyError(
        outOfMemory,
        `HIP out of memory. Tried to allocate ${gib(wantedBytes)} GiB. GPU 0 has a total capacity of ` +
          `${gib(profile.vramBytes)} GiB of which ${gib(freeBytes)} GiB is free.`,
      );
    case 'cpu':
      return new PyError(
        'RuntimeError',
        `[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to ` +
          `allocate ${Math.round(wantedBytes)} bytes.`,
      );
  }
}
