import { z } from 'zod';

/** Query fields of every list: newest first, `cursor` as the previous page gave it. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
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
