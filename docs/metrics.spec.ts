import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames } from '@tower/contracts';
import { Metrics, repositoryRoot } from '@tower/kit';
import { metricNames, metricsOf, metricsPage } from './metrics-page';

const runtime = new Set(metricNames(new Metrics('test')));
const listed = new Set(serviceNames.flatMap((service) => metricNames(metricsOf(service))));
const ours = [...listed].filter((name) => !runtime.has(name));

const sources = (folder: string): string[] =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /^[^/\\]+[/\\]src[/\\].*\.ts$/.test(name) && !/\.(spec|fixture)\.ts$/.test(name))
    .map((name) => readFileSync(join(repositoryRoot, folder, name), 'utf8'));

// The page lists what Node's runtime says on Linux; other systems have less of it.
const itOnLinux = process.platform === 'linux' ? it : it.skip;

describe('docs/metrics.md', () => {
  itOnLinux('is as the code has it; after a change run: npm run drift', () => {
    expect(readFileSync(join(__dirname, 'metrics.md'), 'utf8')).toBe(metricsPage());
  });

  it('lists every metric that a source file declares: a new class belongs into metrics-page.ts', () => {
    const declared = [...sources('apps'), ...sources('libs')].flatMap((text) =>
      [...text.matchAll(/\.(?:counter|gauge|histogram)\(\{\s*name: '([^']+)'/g)].map((match) => match[1]),
    );
    expect(declared.length).toBeGreaterThan(30);
    expect([...declared].sort()).toEqual([...ours].sort());
  });

  it('has names that say whose they are, and counters that end in _total', () => {
    const owners = ['bus', 'tower', ...serviceNames.map((service) => service.replaceAll('-', '_'))];
    for (const name of ours) expect(owners.filter((owner) => name.startsWith(`${owner}_`))).toHaveLength(1);
    const page = metricsPage();
    for (const name of ours) expect(page.includes(`| \`${name}\` | counter |`)).toBe(name.endsWith('_total'));
  });
});
