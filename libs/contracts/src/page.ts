import { z } from 'zod';

/** `Number` alone would take `0x10`, `1e1`, blanks and the empty string for whole numbers. */
const plainDigits = /^-?(0|[1-9][0-9]{0,15})$/;

/** A whole number in a query string; messages between services carry it as a number already. */
export const wholeNumber = (min: number, max: number) =>
  z.preprocess(
    (given) => (typeof given === 'string' ? (plainDigits.test(given) ? Number(given) : Number.NaN) : given),
    z.int(`must be a whole number from ${min} to ${max}`).min(min).max(max),
  );

/** A UUID in 22 characters; opaque to clients. */
const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/, 'must be next_cursor of a previous page')
  .meta({ description: '`next_cursor` of the previous page' });

/**
 * Bytes of a page's items as JSON: a page ends before it would be larger, also when fewer than `limit` fit. Below
 * what one answer may have.
 */
export const maxPageBytes = 384 * 1024;

/** Query fields of every list: newest first, unless the list says otherwise. */
export const pageQuery = {
  limit: wholeNumber(1, 200).default(50).meta({
    description:
      'at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last',
  }),
  cursor: cursor.optional(),
};

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    /** Absent on the last page. */
    next_cursor: z.string().optional(),
  });

export interface Page<Item> {
  items: Item[];
  next_cursor?: string | undefined;
}
