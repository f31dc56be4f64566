import type { NodeRegistry } from '../object-info/node-registry';
import type { ModelInventory } from '../object-info/node-registry';
import type { Faults } from './faults';

/**
 * The faults in what the server knows: models, classes and whole packs that are not there, and classes that changed.
 */
export class KnowledgeFaults {
  private announced = new Set<string>();

  constructor(
    private readonly faults: Faults,
    private readonly registry: NodeRegistry,
    private readonly log: (line: string) => void,
  ) {}

  apply(): void {
    const named = (kind: 'missing-model' | 'missing-class' | 'pack-import-failed' | 'version-drift'): string[] =>
      this.faults.all(kind).flatMap(({ node }) => node ?? []);
    const packs = named('pack-import-failed');
    this.registry.alter({
      missingModels: new Set(named('missing-model')),
      missingClasses: new Set(named('missing-class')),
      missingPacks: packs,
      drifted: new Set(named('version-drift')),
    });
    for (const pack of packs.filter((name) => !this.announced.has(name))) {
      this.log(`Cannot import /comfy/custom_nodes/${pack} module for custom nodes: No module named 'missing'`);
      this.log(`   0.1 seconds (IMPORT FAILED): /comfy/custom_nodes/${pack}`);
    }
    this.announced = new Set(packs);
  }
}

/** The card's models without those a fault hides. */
export function visibleModels(models: ModelInventory, isMissing: (file: string) => boolean): ModelInventory {
  const folders = Object.keys(models).map((folder): [string, PropertyDescriptor] => [
    folder,
    { enumerable: true, get: () => (models[folder] ?? []).filter((file) => !isMissing(file)) },
  ]);
  return Object.defineProperties({}, Object.fromEntries(folders)) as ModelInventory;
}
