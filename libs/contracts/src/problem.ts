import { z } from 'zod';

/**
 * One thing wrong with the input and what is allowed. Where: an RFC 6901 pointer into the body, `?name` in the query,
 * `{name}` in the path, `Name:` for a header.
 */
export const fieldError = z.object({
  pointer: z.string(),
  message: z.string(),
});
export type FieldError = z.infer<typeof fieldError>;

/** RFC 9457 problem details with a stable `code`. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    instance: z.string().optional(),
    correlation_id: z.string().optional(),
    retry_after_seconds: z.number().optional(),
    idempotency_key: z
      .string()
      .optional()
      .describe(
        'of a create whose outcome is not known: repeat the request with this as Idempotency-Key, and it is made once',
      ),
    errors: z.array(fieldError).optional(),
    errors_omitted: z.int().min(1).optional().describe('how many more fields are wrong than `errors` names'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;
