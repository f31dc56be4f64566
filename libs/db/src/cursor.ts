import type { Page } from '@tower/contracts';
import { invalid } from '@tower/kit';

/** The id after which the next page starts; ids are UUID v7, so their order is the order of creation. */
export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  if (hex.length !== 32) throw invalid('cursor_invalid', 'this cursor was not given by a previous page; leave it out to start over', [{ pointer: '?cursor', message: 'must be next_cursor of a previous page' }]);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The id's 16 bytes, so that every text of the right form is some id's cursor. */
const encodeCursor = (id: string): string => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');

/** Cuts a result of up to `limit` + 1 rows into a page. */
export function toPage<Row extends { id: string }, Item>(rows: Row[], limit: number, toItem: (row: Row) => Item): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), ...(rows.length > limit && last ? { next_cursor: encodeCursor(last.id) } : {}) };
}
