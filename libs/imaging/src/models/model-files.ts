import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '../digest';
import { notComputed, type NotComputed } from '../score';
import { modelContracts } from './contracts';
import type { ModelEntry } from './manifest';
import { ModelContractMismatch, OnnxModel, type OnnxOptions, type TensorContract } from './onnx-model';

export type ModelFileState = 'present' | 'missing' | 'other_size' | 'other_content';

export class ModelMissing extends Error {
  override readonly name = 'ModelMissing';
}

/**
 * Whether the file is the one the manifest means. Reads all of it: a half download has the right name and often opens.
 * Rejects with the file system's error for anything but a missing file.
 */
export async function checkModelFile(entry: ModelEntry, folder: string): Promise<ModelFileState> {
  const path = join(folder, entry.file);
  const size = await sizeOf(path);
  if (size === undefined) return 'missing';
  if (entry.bytes !== undefined && size !== entry.bytes) return 'other_size';
  return (await sha256File(path)) === entry.sha256 ? 'present' : 'other_content';
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

const isAbsence = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * Opens a model after checking its digest and its tensors.
 * @throws ModelMissing; ModelContractMismatch for another file, another network, or no network at all
 */
export async function openModel(entry: ModelEntry, folder: string, options: OnnxOptions = {}): Promise<OnnxModel> {
  const path = join(folder, entry.file);
  const state = await checkModelFile(entry, folder);
  if (state === 'missing') throw new ModelMissing(`model ${entry.id} is not at ${path}`);
  if (state !== 'present')
    throw new ModelContractMismatch(
      `model ${entry.id} at ${path} has ${state.replace('_', ' ')} than the manifest says`,
    );
  return OnnxModel.open(path, contractOf(entry), options);
}

/** What the metric relies on, and on top what the manifest says of this file. */
function contractOf({ contract, input, outputs = [] }: ModelEntry): TensorContract {
  const base: TensorContract = modelContracts[contract];
  return { inputs: [...base.inputs, ...(input === undefined ? [] : [input])], outputs: [...base.outputs, ...outputs] };
}

/** The state of a metric whose model could not be opened; undefined for an error that has another cause. */
export function modelRefusal(error: unknown): NotComputed | undefined {
  if (error instanceof ModelMissing) return notComputed('model_missing');
  if (error instanceof ModelContractMismatch) return notComputed('model_contract_mismatch');
  return undefined;
}
