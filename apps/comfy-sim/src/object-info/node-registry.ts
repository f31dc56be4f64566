import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { GenerationId } from '../generation';
import { parseJson } from '../python/json';
import { dict, isDict, type PyDict, type PyValue } from '../python/values';
import { drifted, isMissing, noAlterations, type Alterations } from './alterations';
import { inputFileOf, modelListOf } from './described-files';
import { NodeClass, type InputSpec } from './node-class';
import { restoreProse } from './prose';

export interface ModelInventory {
  readonly [folder: string]: readonly string[];
}

/** The classes this server knows, as recorded, with model combos that show the simulated card's own files. */
export class NodeRegistry {
  private readonly classes = new Map<string, NodeClass>();
  private readonly drifted = new Map<string, NodeClass>();
  /** Options of combos from which a missing model was taken, as they were. */
  private readonly shortened = new Map<PyValue[], PyValue[]>();
  private alterations = noAlterations;

  constructor(
    private readonly models: ModelInventory,
    private readonly inputFiles: () => readonly string[],
  ) {}

  add(info: PyDict): void {
    for (const entry of info.values()) {
      if (!isDict(entry)) continue;
      const name = String(entry.get('name'));
      restoreProse(name, entry);
      this.fillModelCombos(name, entry);
      this.classes.set(name, new NodeClass(entry));
    }
  }

  get(name: string): NodeClass | undefined {
    const found = this.classes.get(name);
    return found === undefined || isMissing(found, this.alterations) ? undefined : (this.drifted.get(name) ?? found);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Takes classes and models away, and gives classes other inputs; what was altered before is as recorded again. */
  alter(alterations: Alterations): void {
    this.alterations = alterations;
    this.drifted.clear();
    for (const name of alterations.drifted) {
      const found = this.classes.get(name);
      if (found !== undefined) this.drifted.set(name, drifted(found));
    }
    for (const [options, all] of this.shortened) options.splice(0, Infinity, ...all);
    this.shortened.clear();
    if (alterations.missingModels.size === 0) return;
    for (const node of this.classes.values()) for (const spec of node.inputs.values()) this.shorten(spec);
  }

  /** `/object_info`: combos over the input folder are read at call time, as the real server reads its disk. */
  describe(name: string): PyDict | undefined {
    const found = this.get(name);
    if (found === undefined) return undefined;
    const { input, shows } = inputFileOf(name) ?? {};
    if (input !== undefined && shows !== undefined)
      setOptions(
        found.info,
        input,
        this.inputFiles()
          .filter((file) => shows.test(file))
          .sort(),
      );
    return found.info;
  }

  describeAll(): PyDict {
    return new Map(
      [...this.classes.keys()].filter((name) => this.has(name)).map((name) => [name, this.describe(name) as PyDict]),
    );
  }

  private shorten({ type, options }: InputSpec): void {
    const listed = Array.isArray(type) ? type : (options.get('options') ?? null);
    if (!Array.isArray(listed) || this.shortened.has(listed)) return;
    const kept = listed.filter((option) => !this.alterations.missingModels.has(String(option)));
    if (kept.length === listed.length) return;
    this.shortened.set(listed, [...listed]);
    listed.splice(0, Infinity, ...kept);
  }

  private fillModelCombos(name: string, info: PyDict): void {
    for (const spec of new NodeClass(info).inputs.values()) {
      const list = modelListOf(name, spec.name);
      if (list === undefined || !isFileCombo(spec.type, spec.options)) continue;
      const { folders, besides = [] } = typeof list === 'string' ? { folders: [list] } : list;
      const files = folders.flatMap((folder) => this.models[folder] ?? []);
      setOptions(info, spec.name, [...(folders.length > 1 ? files.sort() : files), ...besides]);
    }
  }
}

function isFileCombo(type: string | PyValue[], options: PyDict): boolean {
  const listed = Array.isArray(type) ? type : type === 'COMBO' ? options.get('options') : undefined;
  return Array.isArray(listed) && listed.every((option) => option === 'pixel_space' || /\.\w+$/.test(String(option)));
}

function setOptions(info: PyDict, input: string, options: readonly string[]): void {
  for (const section of (info.get('input') as PyDict).values()) {
    const spec = isDict(section) ? section.get(input) : undefined;
    if (!Array.isArray(spec)) continue;
    if (Array.isArray(spec[0])) spec[0].splice(0, Infinity, ...options);
    else (spec[1] as PyDict).set('options', [...options]);
  }
}

/** The recordings lie beside src and dist alike. */
const dataFolder = path.join(__dirname, '..', '..', 'data', 'object-info');

export function readObjectInfo(generation: GenerationId, set: 'core' | 'packs' | 'replacements'): PyDict {
  const parsed = parseJson(readFileSync(path.join(dataFolder, `${generation}.${set}.json`), 'utf8'));
  return isDict(parsed) ? parsed : dict({});
}
