import { newId } from '@tower/kit';
import { decodeCursor, toPage } from './cursor';

const rows = (count: number): { id: string }[] => Array.from({ length: count }, () => ({ id: newId() }));

describe('a page', () => {
  it('ends where the next one begins', () => {
    const found = rows(4);
    const page = toPage(found, 3, (row) => row.id);
    expect(page.items).toEqual(found.slice(0, 3).map((row) => row.id));
    expect(decodeCursor(page.next_cursor)).toBe(found[2]?.id);
  });

  it.each([0, 1, 3])('has no next one when %i of 3 were found', (count) => {
    expect(toPage(rows(count), 3, (row) => row.id)).not.toHaveProperty('next_cursor');
  });
});

describe('a cursor', () => {
  it('is absent on the first page', () => {
    expect(decodeCursor(undefined)).toBeNull();
  });

  it.each(['', 'x', '%00', Buffer.from("' or 1=1 --").toString('base64url'), Buffer.from('00000000-0000-0000-0000-00000000000').toString('base64url')])('that no page gave is refused: %j', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'cursor_invalid' }));
  });
});
