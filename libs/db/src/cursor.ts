import type { Page } from '@tower/contracts';
import { invalid } from '@tower/kit';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id after which the next page starts; ids are UUID v7, so their order is the order of creation. */
export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const id = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!form.test(id)) throw invalid('cursor_invalid', 'this cursor was not given by a previous page; leave it out to start over', [{ pointer: '?cursor', message: 'must be next_cursor of a previous page' }]);
  return id;
}

/** Cuts a result of up to `limit` + 1 rows into a page. */
export function toPage<Row extends { id: string }, Item>(rows: Row[], limit: number, toItem: (row: Row) => Item): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), ...(rows.length > limit && last ? { next_cursor: Buffer.from(last.id).toString('base64url') } : {}) };
}
