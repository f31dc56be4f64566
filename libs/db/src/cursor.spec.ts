import { maxAnswerBytes } from '@tower/contracts';
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

  it('ends before it would be too large for one answer, and goes on where it ended', () => {
    const found = rows(200);
    const text = '夜'.repeat(4_000);
    const seen: string[] = [];
    for (let rest = found, pages = 1; ; pages++) {
      const page = toPage(rest, 200, (row) => ({ id: row.id, text }));
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(maxAnswerBytes);
      seen.push(...page.items.map((item) => item.id));
      if (page.next_cursor === undefined) {
        expect(pages).toBeGreaterThan(5);
        break;
      }
      const after = decodeCursor(page.next_cursor);
      rest = found.slice(found.findIndex((row) => row.id === after) + 1);
    }
    expect(seen).toEqual(found.map((row) => row.id));
  });

  it('has one item at least, however large', () => {
    const page = toPage(rows(3), 3, () => 'x'.repeat(1_000_000));
    expect(page.items).toHaveLength(1);
    expect(page.next_cursor).toBeDefined();
  });

  it.each([0, 1, 3])('has no next one when %i of 3 were found', (count) => {
    expect(toPage(rows(count), 3, (row) => row.id)).not.toHaveProperty('next_cursor');
  });
});

describe('a cursor', () => {
  it('is absent on the first page', () => {
    expect(decodeCursor(undefined)).toBeNull();
  });

  it.each([
    '',
    'x',
    '%00',
    Buffer.from("' or 1=1 --").toString('base64url'),
    Buffer.from('00000000-0000-0000-0000-00000000000').toString('base64url'),
  ])('that no page gave is refused: %j', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'cursor_invalid' }));
  });
});
