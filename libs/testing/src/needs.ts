/// <reference types="jest" />
/** What becomes of tests that need a program which may be absent. */
type Course = 'run' | 'skip' | 'fail';

/** Without it they are skipped on a person's machine; in CI what did not run must not look like what passed. */
export function courseOf(program: string | undefined, ci: string | undefined): Course {
  if (program !== undefined) return 'run';
  return ci === undefined || ci === '' || ci === 'false' ? 'skip' : 'fail';
}

/** `it` for tests that need `program`, a path, or undefined where there is none: then skipped, and in CI a failure. */
export function itNeeds(program: string | undefined, name: string): jest.It {
  const course = courseOf(program, process.env['CI']);
  if (course === 'fail') failFor(name);
  return course === 'run' ? it : it.skip;
}

/** `describe` in the same way. */
export function describeNeeds(program: string | undefined, name: string): jest.Describe {
  const course = courseOf(program, process.env['CI']);
  if (course === 'fail') failFor(name);
  return course === 'run' ? describe : describe.skip;
}

/** One clear failure for all tests of the file that cannot run. */
function failFor(name: string): void {
  it(`finds ${name}`, () => {
    throw new Error(`${name} is not on this machine, so the tests that need it cannot run; CI must have it`);
  });
}
