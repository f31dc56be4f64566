import { newId, newIdAt } from './clock';

afterEach(() => jest.restoreAllMocks());

it('makes ids in order, also when the clock is set back', () => {
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(now);
  const ids = [newId(), newId()];
  clock.mockReturnValue(now - 3_600_000);
  ids.push(newId(), newId());
  clock.mockReturnValue(now + 5);
  ids.push(newId());
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

it('makes the id of a moment, whatever the clock says', () => {
  const at = new Date('2026-03-04T05:06:07.008Z');
  expect(Number.parseInt(newIdAt(at).replaceAll('-', '').slice(0, 12), 16)).toBe(at.getTime());
  expect(newIdAt(at)).not.toBe(newIdAt(at));
  expect(newIdAt(at) < newIdAt(new Date(at.getTime() + 1))).toBe(true);
});
