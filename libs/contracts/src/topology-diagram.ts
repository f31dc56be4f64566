import { topology } from './topology';

const id = (service: string): string => service.replaceAll('-', '_');

/** Mermaid source of who tells whom what; docs/architecture.md holds it, and a spec fails when the two differ. */
export function topologyDiagram(): string {
  const lines = ['flowchart LR'];
  for (const [reader, { consumes }] of Object.entries(topology)) {
    const byOwner = new Map<string, string[]>();
    for (const event of consumes)
      byOwner.set(event.owner, [
        ...(byOwner.get(event.owner) ?? []),
        event.type.slice(event.type.lastIndexOf('.') + 1),
      ]);
    for (const [owner, names] of byOwner) lines.push(`  ${id(owner)} -- "${names.join('<br/>')}" --> ${id(reader)}`);
  }
  for (const [owner, { commands }] of Object.entries(topology))
    if (commands.length > 0)
      lines.push(
        `  publishers([outside publishers]) -- ` +
          `"${commands.map((command) => command.subject).join('<br/>')}" --> ${id(owner)}`,
      );
  return lines.join('\n');
}
