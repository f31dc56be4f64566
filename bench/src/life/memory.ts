import { readFileSync } from 'node:fs';

/** Resident memory of one process, in MB (10^6 bytes); undefined when it is gone. */
export function residentMb(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line ? (Number(line[1]) * 1024) / 1e6 : undefined;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * Heap in use and what Node holds beside it, in MB (10^6 bytes), as a process's own `/metrics` tell; undefined when it
 * does not answer.
 */
export async function heapMb(metricsAddress: string): Promise<number | undefined> {
  const text = await fetch(`http://${metricsAddress}/metrics`, { signal: AbortSignal.timeout(2_000) }).then(
    (answer) => answer.text(),
    () => '',
  );
  const of = (name: string): number => Number(new RegExp(`^${name}(?:{[^}]*})? ([0-9.e+]+)$`, 'm').exec(text)?.[1]);
  const mb = (of('nodejs_heap_size_used_bytes') + of('nodejs_external_memory_bytes')) / 1e6;
  return Number.isNaN(mb) ? undefined : mb;
}

export interface MemorySample {
  /** Jobs that were over by then. */
  readonly jobs: number;
  readonly mb: number;
}

export interface MemoryTrend {
  readonly first_mb: number;
  readonly last_mb: number;
  readonly max_mb: number;
  /** Least squares over the second half, when caches and heaps have found their size. */
  readonly mb_per_1000_jobs: number | null;
}

/** How a process's memory went; `samples` in the order in which they were taken, at least one. */
export function trendOf(samples: readonly MemorySample[]): MemoryTrend {
  const settled = samples.slice(Math.floor(samples.length / 2));
  const sizes = samples.map(({ mb }) => mb);
  return {
    first_mb: rounded(sizes[0] ?? NaN),
    last_mb: rounded(sizes.at(-1) ?? NaN),
    max_mb: rounded(Math.max(...sizes)),
    mb_per_1000_jobs: settled.length < 3 ? null : rounded(1_000 * slope(settled)),
  };
}

/** Least-squares slope of MB over jobs. */
export function slope(samples: readonly MemorySample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanJobs = mean(samples.map(({ jobs }) => jobs));
  const meanMb = mean(samples.map(({ mb }) => mb));
  const spread = samples.reduce((sum, { jobs }) => sum + (jobs - meanJobs) ** 2, 0);
  if (spread === 0) return 0;
  return samples.reduce((sum, { jobs, mb }) => sum + (jobs - meanJobs) * (mb - meanMb), 0) / spread;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
