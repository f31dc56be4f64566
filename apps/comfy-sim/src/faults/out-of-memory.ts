import type { CardProfile } from '../card/card-profile';
import { outOfMemory, outOfMemoryError } from '../card/out-of-memory';
import { PyError } from '../python/errors';

/** The spellings under which clients meet a full memory. */
const oomSpellings = ['nvidiaAsync', 'nvidiaNative', 'hip', 'cudaError', 'hipError', 'hostRam'] as const;

const askedBytes = 2 * 1024 ** 3;
const asynchronously = 'kernel errors might be asynchronously reported at some other API call.';

/** The exception in the words of the card, unless a spelling asks for other ones. */
export function spelledOutOfMemory(word: string | undefined, profile: CardProfile, freeBytes: number): PyError {
  const as = (vendor: CardProfile['vendor']): PyError =>
    outOfMemoryError({ ...profile, vendor }, askedBytes, freeBytes);
  switch (oomSpellings.find((known) => known === word)) {
    case undefined:
      return as(profile.vendor);
    case 'nvidiaAsync':
      return as('nvidia');
    case 'hip':
      return as('amd');
    case 'hostRam':
      return as('cpu');
    case 'nvidiaNative':
      return new PyError(
        outOfMemory,
        'CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total ' +
          'capacity of 11.76 GiB of which 61.31 MiB is free.',
      );
    case 'cudaError':
      return new PyError('RuntimeError', `CUDA error: out of memory\nCUDA ${asynchronously}`);
    case 'hipError':
      return new PyError('torch.AcceleratorError', `HIP error: out of memory\nHIP ${asynchronously}`);
  }
}

/** Once a kernel has touched memory it must not, every later call of the process fails with the same words. */
export function poisonedError({ vendor }: CardProfile): PyError {
  const maker = vendor === 'amd' ? 'HIP' : 'CUDA';
  return new PyError(
    'RuntimeError',
    `${maker} error: an illegal memory access was encountered\n${maker} ${asynchronously}`,
  );
}
