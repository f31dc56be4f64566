import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { topology, topologyDiagram } from '@tower/contracts';

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
