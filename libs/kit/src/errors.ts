import type { FieldError } from '@tower/contracts';

/** What is wrong, not which protocol asks. */
export const errorKinds = [
  'invalid',
  'too_large',
  'not_found',
  'conflict',
  'forbidden',
  'too_many',
  'unavailable',
  'internal',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/**
 * At most so many wrong fields are named; the others are counted. Who sent ten thousand wrong fields does not read
 * ten thousand sentences.
 */
const maxFieldErrors = 50;
/** Characters. An error travels in replies, events and logs, and must fit into all of them whatever was sent. */
const maxMessageLength = 4_000;
const maxPointerLength = 300;
const maxFieldMessageLength = 1_000;

export interface AppErrorOptions {
  cause?: unknown;
  details?: Record<string, unknown>;
  retryAfterMs?: number;
  /** Which fields are wrong and what they allow. */
  fields?: FieldError[];
  /** How many more fields are wrong than `fields` names. */
  fieldsOmitted?: number;
  /** Members of the public problem beside the standard ones (RFC 9457, 3.2). */
  extensions?: Record<string, unknown>;
}

/**
 * The one error class of our own; everything else that is thrown counts as `internal`. Message and fields are cut to
 * what a person can read, so that no error is ever too large to be told.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly options: AppErrorOptions;

  constructor(
    readonly kind: ErrorKind,
    /** Stable and public: clients, alerts and tests match on it. The message is prose and may change. */
    readonly code: string,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(shorten(message, maxMessageLength), { cause: options.cause });
    this.options = boundFields(options);
  }
}

/**
 * The text, or its beginning with a mark that it goes on; never half of a character. `max` counts UTF-16 units and
 * includes the mark.
 */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

function boundFields(options: AppErrorOptions): AppErrorOptions {
  const { fields } = options;
  if (fields === undefined) return options;
  const shown = fields.slice(0, maxFieldErrors).map(({ pointer, message }) => ({
    pointer: shorten(pointer, maxPointerLength),
    message: shorten(message, maxFieldMessageLength),
  }));
  const omitted = fields.length - shown.length + (options.fieldsOmitted ?? 0);
  return { ...options, fields: shown, ...(omitted === 0 ? {} : { fieldsOmitted: omitted }) };
}

export const httpStatus: Record<ErrorKind, number> = {
  invalid: 400,
  too_large: 413,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_many: 429,
  internal: 500,
  unavailable: 503,
};

/** What the bus does with a message whose handler failed so. */
export const onFailure: Record<ErrorKind, 'retry' | 'dead_letter'> = {
  invalid: 'dead_letter',
  too_large: 'dead_letter',
  forbidden: 'dead_letter',
  not_found: 'dead_letter',
  conflict: 'dead_letter',
  too_many: 'retry',
  unavailable: 'retry',
  internal: 'retry',
};

export const notFound = (noun: string, id: string): AppError =>
  new AppError('not_found', `${noun}_not_found`, `there is no ${noun} ${id}`, { details: { id } });

export const invalid = (code: string, message: string, fields: FieldError[] = []): AppError =>
  new AppError('invalid', code, message, { fields });

/** Whatever was thrown, as an AppError; unknown things keep their text as the cause, never in the public message. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError(
    'internal',
    'internal_error',
    'something went wrong on our side; the log has the details under this correlation id',
    { cause: thrown },
  );
}

/** One line for logs and dead letters. */
export function describeError(thrown: unknown): string {
  if (thrown instanceof AppError) return `${thrown.code}: ${thrown.message}`;
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(describeError).join('; ');
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message;
  return String(thrown);
}

/**
 * What was thrown with all that caused it: fetch hides the reason in causes, and its errors may come from another
 * realm, where they are not `instanceof Error`.
 */
export function causesOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const { message, code, cause } = error as { message: unknown; code?: unknown; cause?: unknown };
  const parts = [
    String(message),
    code === undefined ? undefined : String(code),
    cause === undefined ? undefined : causesOf(cause),
  ];
  return parts.filter((part, index) => part !== undefined && part !== '' && parts.indexOf(part) === index).join(': ');
}
