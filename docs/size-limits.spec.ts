import { lintAs } from './lint-as.fixture';

/** Real here: ESLint with this repository's own configuration. */

const limits = ['max-params', 'max-lines-per-function'];
const broken = (file: string, source: string): (string | null)[] =>
  lintAs(file, source)
    .map(({ ruleId }) => ruleId)
    .filter((rule) => limits.includes(rule ?? ''));

const aClass = (parameters: number): string => {
  const names = Array.from({ length: parameters }, (_, n) => `readonly a${n}: number`);
  return `export class Of${parameters} { constructor(${names.join(', ')}) {} }\n`;
};
const aFunction = (lines: number): string =>
  `export function of${lines}(): number {\n${'  // One line.\n'.repeat(lines - 3)}  return 1;\n}\n`;

/** ESLint draws up all types for each text. */
const slow = 60_000;

it(
  'refuses seven parameters and 61 lines, and takes six and 60',
  () => {
    const source = [aClass(6), aClass(7), aFunction(59), aFunction(60)].join('');
    expect(broken('apps/rendering/src/status.controller.ts', source)).toEqual(['max-params']);
    expect(broken('apps/rendering/src/status.controller.ts', aFunction(61))).toEqual(['max-lines-per-function']);
  },
  slow,
);

it(
  'lets the stories of specs and the list of metrics be as long as they are',
  () => {
    expect(broken('apps/rendering/src/queue.medium.spec.ts', aClass(7) + aFunction(200))).toEqual(['max-params']);
    expect(broken('apps/rendering/src/rendering.metrics.ts', aFunction(200))).toEqual([]);
  },
  slow,
);
