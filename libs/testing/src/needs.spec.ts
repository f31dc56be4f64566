import { courseOf, itNeeds } from './needs';

describe('tests that need a program', () => {
  it.each([
    ['/usr/bin/ffmpeg', undefined, 'run'],
    ['/usr/bin/ffmpeg', 'true', 'run'],
    [undefined, undefined, 'skip'],
    [undefined, '', 'skip'],
    [undefined, 'false', 'skip'],
    [undefined, 'true', 'fail'],
    [undefined, '1', 'fail'],
  ] as const)('with the program at %j and CI=%j: %s', (program, ci, course) => {
    expect(courseOf(program, ci)).toBe(course);
  });

  it('run as any other where it is there', () => {
    expect(itNeeds(process.execPath, 'node')).toBe(it);
  });
});
