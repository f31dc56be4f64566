import { existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import type { NodePlace } from '../execution/executor';
import { isFolderKind, type Folders } from '../files/folders';
import { isExpansion, type Expansion, type NodeResult } from '../nodes/node-behaviour';
import { SoundValue } from '../nodes/media-values';
import { ExecutionBlocker } from '../nodes/node-value';
import { PyFloat, isDict, type PyDict, type PyValue } from '../python/values';
import type { Faults } from './faults';

/** The faults in what a node hands on: nothing, broken files, or values that are no JSON. */
export class ResultFaults {
  constructor(
    private readonly faults: Faults,
    private readonly folders: Folders,
  ) {}

  /** What a node returns instead of running: a blocker in every slot. */
  blocked(place: NodePlace, slots: number): NodeResult | undefined {
    const fault = this.faults.strike('blocker', { node: place.nodeId, classType: place.classType });
    return fault === undefined
      ? undefined
      : { outputs: Array.from({ length: slots }, () => new ExecutionBlocker(fault.word ?? null)) };
  }

  spoil(place: NodePlace, returned: NodeResult | Expansion): NodeResult | Expansion {
    if (isExpansion(returned)) return returned;
    const where = { node: place.nodeId, classType: place.classType };
    const isHeard = returned.outputs.some((output) => output instanceof SoundValue);
    if (isHeard && this.faults.strike('lost-sound', where) !== undefined) {
      return { ...returned, outputs: returned.outputs.map((output) => (output instanceof SoundValue ? null : output)) };
    }
    if (returned.ui === undefined) return returned;
    const files = filesOf(returned.ui, this.folders);
    if (files.length > 0 && this.faults.strike('empty-file', where) !== undefined)
      for (const file of files) truncateSync(file, 0);
    if (files.length > 0 && this.faults.strike('truncated-file', where) !== undefined)
      for (const file of files) truncateSync(file, Math.floor(statSync(file).size / 2));
    return this.faults.isArmed('nan-in-json', where) === undefined
      ? returned
      : { ...returned, ui: withNaN(returned.ui) };
  }

  /** The files of a finished prompt vanish; its history, and the cache, go on naming them. */
  afterPrompt(outputs: PyDict): void {
    const files = [...outputs.values()].flatMap((ui) => (isDict(ui) ? filesOf(ui, this.folders) : []));
    if (files.length > 0 && this.faults.strike('delete-files') !== undefined) for (const file of files) rmSync(file);
  }
}

function filesOf(ui: PyDict, folders: Folders): string[] {
  return [...ui.values()]
    .flatMap((items) => (Array.isArray(items) ? items : []))
    .flatMap((item: PyValue) => {
      const kind = isDict(item) ? String(item.get('type')) : '';
      if (!isDict(item) || !item.has('filename') || !isFolderKind(kind)) return [];
      const file = path.join(folders.path(kind), String(item.get('subfolder') ?? ''), String(item.get('filename')));
      return existsSync(file) ? [file] : [];
    });
}

function withNaN(ui: PyDict): PyDict {
  return new Map<string, PyValue>([
    ...ui,
    ['stats', [new PyFloat(NaN), new PyFloat(Infinity), new PyFloat(-Infinity)]],
    ['big', [18446744073709551615n]],
  ]);
}
