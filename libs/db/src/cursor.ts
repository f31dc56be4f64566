import { maxPageBytes, type Page } from '@tower/contracts';
import { invalid, type AppError } from '@tower/kit';

/** The id after which the next page starts; ids are UUID v7, so their order is the order of creation. */
export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  if (hex.length !== 32) throw unknownCursor();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const unknownCursor = (): AppError =>
  invalid('cursor_invalid', 'this cursor was not given by a previous page; leave it out to start over', [
    { pointer: '?cursor', message: 'must be next_cursor of a previous page' },
  ]);

/** The id's 16 bytes, so that every text of the right form is some id's cursor. */
const encodeCursor = (id: string): string => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');

/** Cuts a result of up to `limit` + 1 rows into a page, which ends before it would exceed `maxPageBytes`. */
export function toPage<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
): Page<Item> {
  const { items, last } = fitting(rows, limit, toItem);
  return { items, ...(last === undefined ? {} : { next_cursor: encodeCursor(last.id) }) };
}

/**
 * The first items that fit into one page, by count and by bytes; at least one, where there is any. `last` is the row
 * after which the next page starts, undefined when nothing is left.
 */
export function fitting<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
): { items: Item[]; last: Row | undefined } {
  const items: Item[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, limit)) {
    const item = toItem(row);
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    if (items.length > 0 && bytes > maxPageBytes) break;
    items.push(item);
  }
  return { items, last: items.length < rows.length ? rows[items.length - 1] : undefined };
}
