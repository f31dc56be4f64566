import { z } from 'zod';

/** `Number` alone would take `0x10`, `1e1`, blanks and the empty string for whole numbers. */
const plainDigits = /^-?(0|[1-9][0-9]{0,15})$/;

/** A whole number in a query string; messages between services carry it as a number already. */
export const wholeNumber = (min: number, max: number) =>
  z.preprocess((given) => (typeof given === 'string' ? (plainDigits.test(given) ? Number(given) : Number.NaN) : given), z.int(`must be a whole number from ${min} to ${max}`).min(min).max(max));

/** Query fields of every list: newest first, `cursor` as the previous page gave it. */
export const pageQuery = {
  limit: wholeNumber(1, 200).default(50),
  cursor: z.string().min(1).max(500).optional(),
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
