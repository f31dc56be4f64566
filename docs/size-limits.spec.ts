import { lintAs } from './lint-as.fixture';

/** Real here: ESLint with this repository's own configuration. */

const rulesBroken = (file: string, source: string): (string | null)[] =>
  lintAs(file, source)
    .map(({ ruleId }) => ruleId)
    .filter((rule) => rule?.startsWith('max-'));

const taking = (count: number): string => Array.from({ length: count }, (_, n) => `readonly a${n}: number`).join(', ');
const aClass = (parameters: number): string => `export class Part { constructor(${taking(parameters)}) {} }\n`;
const aFunction = (lines: number): string =>
  `export function work(): number {\n${'  // One line.\n'.repeat(lines - 3)}  return 1;\n}\n`;

/** ESLint starts its typed parser for each text. */
const slow = 60_000;

const source = 'apps/rendering/src/status.controller.ts';
const spec = 'apps/rendering/src/queue.medium.spec.ts';

it.each([source, spec])(
  'refuses a constructor of seven parameters in %s, and takes one of six',
  (file) => {
    expect(rulesBroken(file, aClass(7))).toEqual(['max-params']);
    expect(rulesBroken(file, aClass(6))).toEqual([]);
  },
  slow,
);

it(
  'refuses a function of 61 lines, and takes one of 60',
  () => {
    expect(rulesBroken(source, aFunction(61))).toEqual(['max-lines-per-function']);
    expect(rulesBroken(source, aFunction(60))).toEqual([]);
  },
  slow,
);

it(
  'lets specs and lists be as long as they are',
  () => {
    for (const file of [spec, 'apps/rendering/src/rendering.metrics.ts'])
      expect(rulesBroken(file, aFunction(200))).toEqual([]);
  },
  slow,
);
