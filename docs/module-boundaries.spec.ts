import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { lintAs } from './lint-as.fixture';

/** Real here: Nx's project graph and ESLint with this repository's own configuration. */
describe('the rule about who may import whom', () => {
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
  }, 120_000);

  it('bites: contracts may import neither kit nor TypeORM nor an app', () => {
    const source = readFileSync(join(__dirname, 'test-data', 'forbidden-import.txt'), 'utf8');
    const found = lintAs('libs/contracts/src/page.ts', source).filter(
      (message) => message.ruleId === '@nx/enforce-module-boundaries',
    );
    expect(found.map((message) => message.message).join('\n')).toMatch(/lib:contracts[\s\S]*typeorm/);
    expect(found.length).toBeGreaterThanOrEqual(3);
  }, 60_000);

  it('lets a service import what it may', () => {
    const found = lintAs(
      'apps/rendering/src/status.controller.ts',
      "import { OnRequest } from '@tower/bus';\nexport const right = OnRequest;\n",
    );
    expect(found.filter((message) => message.ruleId === '@nx/enforce-module-boundaries')).toEqual([]);
  }, 60_000);
});
