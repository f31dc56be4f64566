import { fieldError } from '@tower/contracts';
import { AppError, toAppError, type ErrorKind } from '@tower/kit';
import { z } from 'zod';

const kinds = [
  'invalid',
  'too_large',
  'not_found',
  'conflict',
  'forbidden',
  'too_many',
  'unavailable',
  'internal',
] as const satisfies readonly ErrorKind[];

/** What travels back over core NATS: the value, or an error that keeps its kind and code. */
export const reply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      kind: z.enum(kinds),
      code: z.string(),
      message: z.string(),
      retryAfterMs: z.number().optional(),
      fields: z.array(fieldError).optional(),
      fieldsOmitted: z.int().min(1).optional(),
      extensions: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
]);
export type Reply = z.infer<typeof reply>;

export function toErrorReply(thrown: unknown): Reply {
  const { kind, code, message, options } = toAppError(thrown);
  return {
    ok: false,
    error: {
      kind,
      code,
      message,
      ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
      ...(options.fields === undefined ? {} : { fields: options.fields }),
      ...(options.fieldsOmitted === undefined ? {} : { fieldsOmitted: options.fieldsOmitted }),
      ...(options.extensions === undefined ? {} : { extensions: options.extensions }),
    },
  };
}

export function fromErrorReply(error: Extract<Reply, { ok: false }>['error']): AppError {
  return new AppError(error.kind, error.code, error.message, {
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.fields === undefined ? {} : { fields: error.fields }),
    ...(error.fieldsOmitted === undefined ? {} : { fieldsOmitted: error.fieldsOmitted }),
    ...(error.extensions === undefined ? {} : { extensions: error.extensions }),
  });
}
