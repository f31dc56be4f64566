import { z } from 'zod';

/** A UUID; upper case is taken and becomes the canonical lower-case form. Ours are version 7, prompt ids version 5. */
export const uuid = z.uuid().toLowerCase().meta({ description: 'UUID' });

/** SHA-256 as 64 lower-case hex digits. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** A folder name below the library that no path can be made of. */
export const slug = z
  .string()
  .max(100)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters and digits with single hyphens between them');

/** An instant: ISO 8601 in UTC with a trailing Z. */
export const instant = z.iso.datetime().meta({ description: 'instant, ISO 8601, UTC' });

/** Largest integer that JavaScript and JSON keep exactly; seeds above it would come back rounded. */
export const maxSeed = Number.MAX_SAFE_INTEGER;

export const seed = z.int().min(0).max(maxSeed);

/** No NUL (PostgreSQL text cannot hold it) and no lone surrogates (they are not text). */
const storable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
const storableMessage = 'must be well-formed text without NUL characters';

/** Counts characters as JSON Schema does: an emoji outside the basic plane is one, not two. */
const atMost = (max: number) =>
  [
    (text: string) => text.length <= max || (text.length <= 2 * max && [...text].length <= max),
    `must have at most ${max} characters`,
  ] as const;

/**
 * Everything that `trim` removes, spelt out, because `\s` means something else in every language that may read the
 * document.
 */
const blank = '\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff';

/** Text that a person typed: trimmed, with at least one visible character, at most `max`. */
export const line = (max: number) =>
  z
    .string()
    .refine(...atMost(max))
    .refine(storable, storableMessage)
    .trim()
    .min(1, 'must not be blank')
    .meta({ maxLength: max, pattern: `^[^\\u0000]*[^\\u0000${blank}][^\\u0000]*$` });

/** Text that may be empty. */
export const text = (max: number) =>
  z
    .string()
    .refine(...atMost(max))
    .refine(storable, storableMessage)
    .meta({ maxLength: max, pattern: '^[^\\u0000]*$' });
