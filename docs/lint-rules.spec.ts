import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { lintEach, type LintMessage } from './lint-each.fixture';

/**
 * Real here: Nx's project graph and ESLint with this repository's own configuration, in one process for all texts,
 * because it takes seconds to draw up the types.
 */

const aClass = (parameters: number): string => {
  const names = Array.from({ length: parameters }, (_, n) => `readonly a${n}: number`);
  return `export class Of${parameters} { constructor(${names.join(', ')}) {} }\n`;
};
const aFunction = (lines: number): string =>
  `export function of${lines}(): number {\n${'  // One line.\n'.repeat(lines - 3)}  return 1;\n}\n`;

const controller = 'apps/rendering/src/status.controller.ts';
const sizeRules = ['max-params', 'max-lines-per-function'];

const imports = [
  ['libs/contracts/src/page.ts', readFileSync(join(__dirname, 'test-data', 'forbidden-import.txt'), 'utf8')],
  [controller, "import { OnRequest } from '@tower/bus';\nexport const right = OnRequest;\n"],
  [
    'apps/console/src/api/client.ts',
    "import type { JobView } from '@tower/contracts';\nimport { AppError } from '@tower/kit';\n" +
      'export const wrong = (job: JobView) => new AppError(job);\n',
  ],
] as const;
const sizes = [
  [controller, [aClass(6), aClass(7), aFunction(59), aFunction(60)].join('')],
  [controller, aFunction(61)],
  ['apps/rendering/src/queue.medium.spec.ts', aClass(7) + aFunction(200)],
  ['apps/rendering/src/rendering.metrics.ts', aFunction(200)],
] as const;

let found: LintMessage[][];

beforeAll(() => {
  // Without a cached graph the rule about imports skips itself silently.
  const drawing = join(repositoryRoot, '.cache', `graph-${process.pid}.json`);
  const graph = spawnSync(
    process.execPath,
    [join(repositoryRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), 'graph', `--file=${drawing}`],
    { cwd: repositoryRoot, encoding: 'utf8' },
  );
  rmSync(drawing, { force: true });
  if (graph.status !== 0) throw new Error(`nx graph: ${graph.stdout}${graph.stderr}`);
  found = lintEach([...imports, ...sizes]);
}, 120_000);

describe('the rule about who may import whom', () => {
  const messages = (text: number): LintMessage[] =>
    (found[text] ?? []).filter(({ ruleId }) => ruleId === '@nx/enforce-module-boundaries');
  const broken = (text: number): string[] => messages(text).map(({ message }) => message);

  it('bites: contracts may import neither kit nor TypeORM nor an app', () => {
    expect(broken(0).join('\n')).toMatch(/lib:contracts[\s\S]*typeorm/);
    expect(broken(0).length).toBeGreaterThanOrEqual(3);
  });

  it('lets a service import what it may', () => {
    expect(broken(1)).toEqual([]);
  });

  it('lets the console import contracts and nothing else of ours', () => {
    expect(messages(2).map(({ line }) => line)).toEqual([2]);
  });
});

describe('the limits of parameters and lines', () => {
  const broken = (from: number, to?: number): (string | null)[][] =>
    found
      .slice(imports.length)
      .slice(from, to)
      .map((messages) => messages.map(({ ruleId }) => ruleId).filter((rule) => sizeRules.includes(rule ?? '')));

  it('refuse seven parameters and 61 lines, and take six and 60', () => {
    expect(broken(0, 2)).toEqual([['max-params'], ['max-lines-per-function']]);
  });

  it('let the stories of specs and the list of metrics be as long as they are', () => {
    expect(broken(2)).toEqual([['max-params'], []]);
  });
});
