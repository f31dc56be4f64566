import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as contracts from '@tower/contracts';
import { serviceNames, topology, topologyDiagram } from '@tower/contracts';

const page = readFileSync(join(__dirname, 'architecture.md'), 'utf8');

describe('docs/architecture.md', () => {
  it('shows the topology as the code has it', () => {
    const drawn = /<!-- topology -->\n```mermaid\n([\s\S]*?)\n```\n<!-- \/topology -->/.exec(page)?.[1];
    expect(drawn).toBe(topologyDiagram());
  });

  it('names every service', () => {
    for (const service of Object.keys(topology)) expect(page).toContain(`\`${service}\``);
  });
});

describe('the questions that the topology lists', () => {
  const questions = Object.entries(contracts as Record<string, unknown>).filter(
    ([, value]) => (value as { kind?: string } | null)?.kind === 'request',
  );
  const sources = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));

  it.each(serviceNames)('are those that the code of %s asks', (service) => {
    const text = sources(join(__dirname, '..', 'apps', service, 'src')).join('\n');
    const asked = new Set([...text.matchAll(/\.ask\(\s*(\w+)/g)].map((match) => match[1]));
    const listed = topology[service].asks.map((question) => questions.find(([, value]) => value === question)?.[0]);
    expect([...asked].filter((name) => questions.some(([known]) => known === name)).sort()).toEqual(listed.sort());
  });
});
