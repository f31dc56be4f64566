import { z } from 'zod';

/** A UUID; upper case is taken and becomes the canonical lower-case form. Ours are version 7, prompt ids version 5. */
export const uuid = z.uuid().toLowerCase().meta({ description: 'UUID' });

/** SHA-256 as 64 lower-case hex digits. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** An instant: ISO 8601 in UTC with a trailing Z. */
export const instant = z.iso.datetime().meta({ description: 'instant, ISO 8601, UTC' });

/** Largest integer that JavaScript and JSON keep exactly; seeds above it would come back rounded. */
export const maxSeed = Number.MAX_SAFE_INTEGER;

export const seed = z.int().min(0).max(maxSeed);

/** No NUL (PostgreSQL text cannot hold it) and no lone surrogates (they are not text). */
const storable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

/** Text that a person typed: trimmed, at least one character, at most `max` UTF-16 units. */
export const line = (max: number) =>
  z.string().trim().min(1).max(max).refine(storable, 'must be well-formed text without NUL characters');

/** Text that may be empty. */
export const text = (max: number) => z.string().max(max).refine(storable, 'must be well-formed text without NUL characters');
