import { SocketRecord } from './socket-record';

const seconds = (count: number): number => count * 1_000;

let record: SocketRecord;
beforeEach(() => {
  record = new SocketRecord(0);
});

it('counts connections, and knows none while there is none', () => {
  expect(record.connection).toBeNull();
  record.opened();
  expect(record.connection).toBe(1);
  record.closed(5, true);
  expect(record.connection).toBeNull();
  record.opened();
  expect(record.connection).toBe(2);
});

it('complains of a socket that cannot be had, with the reason, once it was tried for a while', () => {
  record.failed('Unexpected server response: 400');
  record.failed('Unexpected server response: 400');
  expect(record.complaint(seconds(10), 0)).toBeNull();
  expect(record.complaint(seconds(15), 0)).toBe('cannot be had (Unexpected server response: 400)');
  record.opened();
  expect(record.complaint(seconds(16), 0)).toBeNull();
});

it('does not count the time in which the server itself was away', () => {
  for (let n = 0; n < 9; n++) record.failed('connect ECONNREFUSED');
  expect(record.complaint(seconds(100), seconds(99))).toBeNull();
  expect(record.complaint(seconds(115), seconds(99))).toContain('cannot be had');
});

it('complains of connections that break off again and again, not of those that we end', () => {
  const lose = (atMs: number, byUs: boolean): void => {
    record.opened();
    record.closed(atMs, byUs);
  };
  for (let n = 1; n <= 9; n++) lose(seconds(n), true);
  for (let n = 10; n <= 12; n++) lose(seconds(n), false);
  record.opened();
  expect(record.complaint(seconds(13), 0)).toBeNull();
  record.closed(seconds(14), false);
  expect(record.complaint(seconds(14), 0)).toBe('breaks off again and again');
  record.opened();
  expect(record.complaint(seconds(400), 0)).toBeNull();
});
