import { freeBytes, requireHomeRoom, roomFor } from './home-room';

const gibibyte = 1024 ** 3;

describe('the room in a home', () => {
  it.each([
    [10 * gibibyte, 'ok', /10\.0 GiB free/],
    [
      gibibyte,
      'note',
      /1\.0 GiB free; that is enough to start, but .* a week of events 640 MiB: make room up to 1\.9 GiB/,
    ],
    [0.2 * gibibyte, 'problem', /only 204 MiB free, Tower needs 256 MiB to start; make room/],
  ])('of %d bytes is %s', (free, level, detail) => {
    expect(roomFor(free, '/home')).toEqual({ level, detail: expect.stringMatching(detail) });
  });

  it('is measured where the folder is going to be', () => {
    expect(freeBytes('/proc/../dev/shm/not/there/yet')).toBe(freeBytes('/dev/shm'));
    expect(() => requireHomeRoom('/proc/nowhere')).toThrow(expect.objectContaining({ code: 'home_disk_full' }));
  });
});
