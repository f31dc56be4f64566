import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError, withoutCredentials, claimFile, isClaimed } from '@tower/kit';
import { AddressGuard } from './address-guard';
import { Download, type DownloadLimits } from './download';
import { ProgressMeter, type DownloadProgress } from './download-progress';
import { formatOf } from './file-format';

export interface FetchRequest {
  readonly url: string;
  /** Lower-case hex of the whole file; nothing else gets the name. */
  readonly sha256: string;
  /** null: the server has to say it. */
  readonly bytes: number | null;
  /** Where the file goes; its folder is made. */
  readonly target: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** What was received stays, and the next call goes on from there. */
  readonly signal?: AbortSignal;
}

export interface FetchOptions extends Partial<DownloadLimits> {
  /** Bytes that may still be written below a folder. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const limits: DownloadLimits = {
  idleMs: 60_000,
  maxFailures: 6,
  firstBackoffMs: 1_000,
  maxBackoffMs: 30_000,
  spareBytes: 512 * 1024 ** 2,
  maxBytes: 200 * 1024 ** 3,
};

/** Far below what makes a silent holder count as dead. */
const touchEveryMs = 10_000;

/**
 * Brings one model file to its place: resumed where an earlier call stopped, checked against its digest and its format
 * before it gets its name, never over another file. One at a time for a target, across processes.
 * @returns `present` when the file was there already
 * @throws AppError `model_format_refused`, `model_file_differs`, `disk_space_short`, `download_in_progress`,
 *   `download_digest_mismatch`, `download_size_mismatch`, `download_redirect_refused`, `download_refused`,
 *   `download_gone`, `download_failed`; the signal's reason
 */
export function fetchFile(request: FetchRequest, options: FetchOptions = {}): Promise<'present' | 'fetched'> {
  return inTurn(request, () => fetchNow(request, options));
}

async function fetchNow(request: FetchRequest, options: FetchOptions): Promise<'present' | 'fetched'> {
  const { target, url, signal = new AbortController().signal } = request;
  signal.throwIfAborted();
  const format = formatOf(target);
  if (formatOf(new URL(url).pathname) !== format)
    throw new AppError(
      'conflict',
      'model_format_refused',
      `${withoutCredentials(url)} is another kind of file than ${basename(target)}`,
    );
  await mkdir(dirname(target), { recursive: true });
  const outcome = await claimFile(claimOf(target), { isShared: true });
  if ('heldBy' in outcome)
    throw new AppError(
      'conflict',
      'download_in_progress',
      `process ${outcome.heldBy} is fetching ${target} right now: wait for it`,
      { details: { pid: outcome.heldBy } },
    );
  const { claim } = outcome;
  try {
    const meter = new ProgressMeter(request.onProgress);
    if (await isPresent(request, meter)) return 'present';
    let touchedAt = performance.now();
    const keep = (): void => {
      if (performance.now() - touchedAt < touchEveryMs) return;
      touchedAt = performance.now();
      if (!claim.touch())
        throw new AppError(
          'conflict',
          'download_in_progress',
          `another process has taken over ${target}: see what it does, then fetch again`,
        );
    };
    const download = new Download(request, {
      format,
      guard: new AddressGuard(url),
      meter,
      signal,
      keep,
      freeBytes: options.freeBytes ?? freeBytesOf,
      ...limits,
      ...defined(options),
    });
    await download.run();
    return 'fetched';
  } finally {
    claim.release();
  }
}

/** Whether some process, of this machine or another, is fetching that file right now. */
export const isBeingFetched = (target: string): Promise<boolean> => isClaimed(claimOf(target));

const claimOf = (target: string): string => `${target}.lock`;

/** @throws AppError `model_file_differs`, because another file of that name may be somebody's work */
async function isPresent({ target, bytes, sha256 }: FetchRequest, meter: ProgressMeter): Promise<boolean> {
  let size: number;
  try {
    const found = await stat(target);
    if (!found.isFile()) throw differs(target, 'is not a file');
    size = found.size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  if (bytes !== null && size !== bytes)
    throw differs(target, `has ${size} bytes, not the ${bytes} of the file that is meant`);
  const hash = createHash('sha256');
  let read = 0;
  await pipeline(
    createReadStream(target),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        read += chunk.length;
        meter.report('checking', read, size);
        yield chunk;
      }
    },
    hash,
  );
  if (hash.digest('hex') !== sha256) throw differs(target, 'has another content than the file that is meant');
  return true;
}

const differs = (target: string, how: string): AppError =>
  new AppError(
    'conflict',
    'model_file_differs',
    `${target} ${how}; nothing was replaced. If it is not wanted, move it away and fetch again`,
  );

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const defined = (options: FetchOptions): Partial<DownloadLimits> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

const turns = new Map<string, Promise<unknown>>();

/** Whoever asks second in this process waits, and then finds the file or goes on with what is left of it. */
async function inTurn<Result>({ target, signal }: FetchRequest, work: () => Promise<Result>): Promise<Result> {
  const before = turns.get(target) ?? Promise.resolve();
  const mine = orAborted(before, signal).then(work);
  // Whoever gives up waiting lets nobody past the one that works.
  const both = Promise.allSettled([before, mine]);
  turns.set(target, both);
  try {
    return await mine;
  } finally {
    if (turns.get(target) === both) turns.delete(target);
  }
}

function orAborted(before: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) return before;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void before.finally(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(undefined);
    });
  });
}
