import type { FieldError } from '@tower/contracts';

/** What is wrong, not which protocol asks. */
export type ErrorKind = 'invalid' | 'not_found' | 'conflict' | 'forbidden' | 'unavailable' | 'internal';

export interface AppErrorOptions {
  cause?: unknown;
  details?: Record<string, unknown>;
  retryAfterMs?: number;
  /** Which fields are wrong and what they allow. */
  fields?: FieldError[];
  /** Members of the public problem beside the standard ones (RFC 9457, 3.2). */
  extensions?: Record<string, unknown>;
}

/** The one error class of our own; everything else that is thrown counts as `internal`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  constructor(
    readonly kind: ErrorKind,
    /** Stable and public: clients, alerts and tests match on it. The message is prose and may change. */
    readonly code: string,
    message: string,
    readonly options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
  }
}

export const httpStatus: Record<ErrorKind, number> = { invalid: 400, forbidden: 403, not_found: 404, conflict: 409, internal: 500, unavailable: 503 };

/** What the bus does with a message whose handler failed so. */
export const onFailure: Record<ErrorKind, 'retry' | 'dead_letter'> = {
  invalid: 'dead_letter',
  forbidden: 'dead_letter',
  not_found: 'dead_letter',
  conflict: 'dead_letter',
  unavailable: 'retry',
  internal: 'retry',
};

export const notFound = (noun: string, id: string): AppError =>
  new AppError('not_found', `${noun}_not_found`, `there is no ${noun} ${id}`, { details: { id } });

export const invalid = (code: string, message: string, fields: FieldError[] = []): AppError => new AppError('invalid', code, message, { fields });

/** Whatever was thrown, as an AppError; unknown things keep their text as the cause, never in the public message. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal', 'internal_error', 'something went wrong on our side; the log has the details under this correlation id', { cause: thrown });
}

/** One line for logs and dead letters. */
export function describeError(thrown: unknown): string {
  if (thrown instanceof AppError) return `${thrown.code}: ${thrown.message}`;
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(describeError).join('; ');
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message;
  return String(thrown);
}
