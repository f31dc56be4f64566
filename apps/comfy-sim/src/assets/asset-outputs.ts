import { existsSync } from 'node:fs';
import path from 'node:path';
import { isFolderKind, type FolderKind, type Folders } from '../files/folders';
import { isDict, type PyDict, type PyValue } from '../python/values';
import type { AssetStore } from './asset-store';

interface OutputFile {
  readonly kind: FolderKind;
  readonly subfolder: string;
  readonly name: string;
}

function fileOf(item: PyValue): OutputFile | undefined {
  if (!isDict(item) || typeof item.get('filename') !== 'string') return undefined;
  const kind = String(item.get('type'));
  return isFolderKind(kind)
    ? { kind, subfolder: String(item.get('subfolder') ?? ''), name: String(item.get('filename')) }
    : undefined;
}

/** Gives every file that a node names the id of its asset. */
export function withAssetIds(ui: PyDict, store: AssetStore, folders: Folders): PyDict {
  const identified = (item: PyValue): PyValue => {
    const file = fileOf(item);
    if (
      file === undefined ||
      !isDict(item) ||
      !existsSync(path.join(folders.path(file.kind), file.subfolder, file.name))
    )
      return item;
    return new Map<string, PyValue>([...item, ['id', store.addFile(file.kind, file.subfolder, file.name, false).id]]);
  };
  return new Map(
    [...ui].map(([key, items]): [string, PyValue] => [key, Array.isArray(items) ? items.map(identified) : items]),
  );
}

/** All files in the outputs of a finished prompt are its own. */
export function assignOutputs(promptId: string, outputs: PyDict, store: AssetStore): void {
  for (const ui of outputs.values()) {
    for (const items of isDict(ui) ? ui.values() : []) {
      for (const item of Array.isArray(items) ? items : []) {
        const file = fileOf(item);
        if (file?.kind === 'output') store.assign(file.kind, file.subfolder, file.name, promptId);
      }
    }
  }
}
