import type { FieldError, Problem } from '@tower/contracts';
import type { z } from 'zod';
import { AppError, httpStatus, shorten, toAppError } from './errors';

const titles: Record<AppError['kind'], string> = {
  invalid: 'The request is not valid',
  too_large: 'Too large',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  conflict: 'Not possible in the present state',
  too_many: 'More than can be done now',
  internal: 'Something went wrong on our side',
  unavailable: 'Not available right now',
};

/** RFC 9457 body for whatever was thrown. Causes and stacks stay inside. */
export function toProblem(
  thrown: unknown,
  place: { instance?: string; correlationId?: string; status?: number } = {},
): Problem {
  const error = toAppError(thrown);
  return {
    type: `urn:tower:problem:${error.code}`,
    title: titles[error.kind],
    status: place.status ?? httpStatus[error.kind],
    code: error.code,
    detail: error.message,
    ...(place.instance === undefined ? {} : { instance: place.instance }),
    ...(place.correlationId === undefined ? {} : { correlation_id: place.correlationId }),
    ...(error.options.retryAfterMs === undefined
      ? {}
      : { retry_after_seconds: Math.ceil(error.options.retryAfterMs / 1000) }),
    ...(error.options.fields === undefined || error.options.fields.length === 0
      ? {}
      : { errors: error.options.fields }),
    ...(error.options.fieldsOmitted === undefined ? {} : { errors_omitted: error.options.fieldsOmitted }),
    ...error.options.extensions,
  };
}

/** RFC 6901: `~` and `/` inside a segment are escaped. */
const segment = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * Turns zod's findings into pointers below `root` (`` for a body, `?` for query fields, `{}` for fields of the path).
 * Of a union, the branch that came closest speaks.
 */
export function fieldErrorsOf(issues: readonly z.core.$ZodIssue[], root = '', path: PropertyKey[] = []): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const full = [...path, ...issue.path];
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const closest = [...issue.errors].sort((a, b) => distance(a) - distance(b))[0];
      if (closest !== undefined && closest.length > 0) return fieldErrorsOf(closest, root, full);
    }
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        pointer: pointer(root, [...full, key]),
        message: 'unknown field; it is not part of this request',
      }));
    return [{ pointer: pointer(root, full), message: issue.message }];
  });
}

/** A branch whose literal tag is wrong is further away than one with many small faults. */
const distance = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.reduce(
    (sum, issue) =>
      sum +
      (issue.code === 'invalid_value' && issue.path.length === 1
        ? 10
        : issue.code === 'unrecognized_keys'
          ? issue.keys.length
          : 1),
    0,
  );

function pointer(root: string, path: PropertyKey[]): string {
  if (root === '?') return `?${path.map(String).join('.')}`;
  if (root === '{}') return `{${path.map(String).join('.')}}`;
  return `${root}/${path.map(segment).join('/')}`.replace(/\/$/, '');
}

/** Parses or throws `invalid` with one entry per wrong field. */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: { code: string; message: string; root?: string },
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = fieldErrorsOf(result.error.issues, what.root ?? '');
  const findings = fields.map(
    ({ pointer, message }) => `${pointer === '' ? 'body' : shorten(pointer, 100)}: ${message}`,
  );
  throw new AppError('invalid', what.code, `${what.message}: ${summaryOf(findings)}`, { fields });
}

/** The first few of several findings as one sentence, with the number of the others. */
export function summaryOf(findings: readonly string[]): string {
  const shown = findings.slice(0, 3).map((finding) => shorten(finding, 500));
  return findings.length > shown.length
    ? `${shown.join('; ')}; and ${findings.length - shown.length} more`
    : shown.join('; ');
}
