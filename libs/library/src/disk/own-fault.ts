import { AppError } from '@tower/kit';

/** Folders that Tower itself needs. */
export const ownPlaceNames = ['library', 'home', 'temp'] as const;
export type OwnPlace = (typeof ownPlaceNames)[number];

export const placeWords: Record<OwnPlace, string> = {
  library: "the library's disk",
  home: "the disk of Tower's home",
  temp: 'the disk for temporary files',
};

interface Meaning {
  code: string;
  /** Follows the words for the place. */
  says: string;
  /** What a person can do. */
  hint: string;
}

const forbidden: Meaning = {
  code: 'own_disk_forbidden',
  says: 'may not be written by Tower',
  hint: 'Give the user that runs Tower the right to write there.',
};
const away: Meaning = {
  code: 'own_disk_away',
  says: 'does not answer: the server or the program behind its mount is gone',
  hint: 'Look at its mount; everything goes on by itself when it is back.',
};
const openFiles: Meaning = {
  code: 'own_open_files',
  says: 'cannot be used: too many files are open',
  hint: 'Raise the limit of open files (ulimit -n).',
};

/** What the system says when neither a card nor a request is to blame, but the machine that Tower runs on. */
const meanings: Record<string, Meaning> = {
  ENOSPC: { code: 'own_disk_full', says: 'is full', hint: 'Make room there.' },
  EDQUOT: { code: 'own_disk_quota', says: 'has used up its quota', hint: 'Make room there, or raise the quota.' },
  EROFS: { code: 'own_disk_read_only', says: 'is mounted read-only', hint: 'Mount it for writing.' },
  EIO: { code: 'own_disk_broken', says: 'reports input/output errors', hint: 'Look at the disk and at its mount.' },
  ENOENT: {
    code: 'own_disk_missing',
    says: 'lacks a folder or a file that has to be there',
    hint: 'Look whether it is mounted and whether something else deletes files there.',
  },
  ESTALE: away,
  ENOTCONN: away,
  EHOSTDOWN: away,
  ENODEV: away,
  ENXIO: away,
  EREMOTEIO: away,
  ETIMEDOUT: away,
  EACCES: forbidden,
  EPERM: forbidden,
  EMFILE: openFiles,
  ENFILE: openFiles,
};

const unusable = { code: 'own_disk_unusable', hint: 'Look at what lies there.' };

const unfit = { code: 'own_disk_unfit', hint: 'Put the library on another file system (TOWER_LIBRARY).' };
/** The place is there and empty, where files were. */
const gone = 'own_disk_gone';

const ownCodes = new Set([unusable.code, unfit.code, gone, ...Object.values(meanings).map(({ code }) => code)]);

/** A socket or a program may be refused in the same words as a file. */
const notAFile = /^(connect|getaddrinfo|bind|listen|socket|accept|spawn)/;

/**
 * The error as trouble of our own side at that place (`unavailable`, codes `own_…`), wherever in its causes the system
 * said so; undefined for every other error. `neededBytes`: what the file would have had, when known.
 */
export function ownFault(error: unknown, place: OwnPlace, neededBytes?: number): AppError | undefined {
  if (isOwnFault(error)) return error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, syscall, cause } = error as { code?: unknown; syscall?: unknown; cause?: unknown };
  if (typeof code !== 'string' || typeof syscall !== 'string' || notAFile.test(syscall))
    return ownFault(cause, place, neededBytes);
  // Whatever else a system call on a file of our own says (a file where a folder should be), nobody else is to blame.
  return ownFaultOf(meanings[code] ?? { ...unusable, says: `cannot be used (${code})` }, place, error, neededBytes);
}

/** A file that would not fit, before anything of it is written. */
export const ownDiskFull = (place: OwnPlace, neededBytes: number): AppError =>
  ownFaultOf(meanings['ENOSPC'] ?? forbidden, place, undefined, neededBytes);

/** Its file system is not one that files can be kept on. */
export const ownDiskUnfit = (place: OwnPlace, why: string): AppError =>
  ownFaultOf({ ...unfit, says: `cannot keep files: ${why}` }, place, undefined, undefined);

/** Whether more free space would help. */
export const isMatterOfRoom = ({ code }: AppError): boolean => code === 'own_disk_full' || code === 'own_disk_quota';

export const isOwnFault = (error: unknown): error is AppError => error instanceof AppError && ownCodes.has(error.code);

/** What a person can do about it. */
export function hintOf(fault: AppError): string {
  const hint = fault.options.details?.['hint'];
  return typeof hint === 'string' ? hint : '';
}

/** Bytes that the write would have needed; undefined when nobody knows. */
export function neededBytesOf(fault: AppError): number | undefined {
  const needed = fault.options.details?.['neededBytes'];
  return typeof needed === 'number' ? needed : undefined;
}

function ownFaultOf(
  { code, says, hint }: Meaning,
  place: OwnPlace,
  cause: unknown,
  neededBytes: number | undefined,
): AppError {
  const details = { place, hint, ...(neededBytes === undefined ? {} : { neededBytes }) };
  return new AppError('unavailable', code, `${placeWords[place]} ${says}`, { cause, details, retryAfterMs: 10_000 });
}
