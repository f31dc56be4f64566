import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { lintEach, type LintMessage } from './lint-each.fixture';

/** Real here: Nx's project graph and ESLint with this repository's own configuration. */
describe('the rule about who may import whom', () => {
  let forbidden: LintMessage[];
  let allowed: LintMessage[];

  beforeAll(() => {
    // Without a cached graph the rule skips itself silently.
    const drawing = join(repositoryRoot, '.cache', `graph-${process.pid}.json`);
    const graph = spawnSync(
      process.execPath,
      [join(repositoryRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), 'graph', `--file=${drawing}`],
      { cwd: repositoryRoot, encoding: 'utf8' },
    );
    rmSync(drawing, { force: true });
    if (graph.status !== 0) throw new Error(`nx graph: ${graph.stdout}${graph.stderr}`);
    [forbidden = [], allowed = []] = lintEach([
      ['libs/contracts/src/page.ts', readFileSync(join(__dirname, 'test-data', 'forbidden-import.txt'), 'utf8')],
      [
        'apps/rendering/src/status.controller.ts',
        "import { OnRequest } from '@tower/bus';\nexport const right = OnRequest;\n",
      ],
    ]).map((messages) => messages.filter(({ ruleId }) => ruleId === '@nx/enforce-module-boundaries'));
  }, 120_000);

  it('bites: contracts may import neither kit nor TypeORM nor an app', () => {
    expect(forbidden.map((message) => message.message).join('\n')).toMatch(/lib:contracts[\s\S]*typeorm/);
    expect(forbidden.length).toBeGreaterThanOrEqual(3);
  });

  it('lets a service import what it may', () => {
    expect(allowed).toEqual([]);
  });
});
