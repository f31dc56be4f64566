import { lintEach } from './lint-each.fixture';

/** Real here: ESLint with this repository's own configuration. */

const limits = ['max-params', 'max-lines-per-function'];

const aClass = (parameters: number): string => {
  const names = Array.from({ length: parameters }, (_, n) => `readonly a${n}: number`);
  return `export class Of${parameters} { constructor(${names.join(', ')}) {} }\n`;
};
const aFunction = (lines: number): string =>
  `export function of${lines}(): number {\n${'  // One line.\n'.repeat(lines - 3)}  return 1;\n}\n`;

const controller = 'apps/rendering/src/status.controller.ts';

describe('the limits of parameters and lines', () => {
  let broken: (string | null)[][];
  beforeAll(() => {
    const found = lintEach([
      [controller, [aClass(6), aClass(7), aFunction(59), aFunction(60)].join('')],
      [controller, aFunction(61)],
      ['apps/rendering/src/queue.medium.spec.ts', aClass(7) + aFunction(200)],
      ['apps/rendering/src/rendering.metrics.ts', aFunction(200)],
    ]);
    broken = found.map((messages) =>
      messages.map(({ ruleId }) => ruleId).filter((rule) => limits.includes(rule ?? '')),
    );
  }, 60_000);

  it('refuse seven parameters and 61 lines, and take six and 60', () => {
    expect(broken.slice(0, 2)).toEqual([['max-params'], ['max-lines-per-function']]);
  });

  it('let the stories of specs and the list of metrics be as long as they are', () => {
    expect(broken.slice(2)).toEqual([['max-params'], []]);
  });
});
