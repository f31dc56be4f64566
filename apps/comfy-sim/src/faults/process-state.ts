import type { PyError } from '../python/errors';

/** What only a restart of the process repairs, and what it has seen since it started. */
export class ProcessState {
  /** Every call of the GPU fails with it. */
  poison: PyError | undefined;
  /** The driver no longer answers: neither kernels nor questions about its memory. */
  gpuHangs = false;
  promptsDone = 0;
  /** Shapes for which kernels were tuned, and classes that fetched their files. */
  readonly tuned = new Set<string>();
  readonly downloaded = new Set<string>();
}
