import { stat } from 'node:fs/promises';
import { fetchFromCard, type ConfiguredGpu } from '@tower/comfyui';
import type { GenerationModel } from '@tower/contracts';
import { listWithFile, type ModelStore } from '@tower/models';
import { z } from 'zod';

/** `unknown`: neither the server nor the folder could be asked. */
export type CardFileState = 'present' | 'missing' | 'other_size' | 'unknown';

const askTimeoutMs = 3_000;

/** Which models a card has: by its folder where Tower sees it, else by what its ComfyUI lists. */
export class CardFiles {
  private readonly lists = new Map<string, Promise<readonly string[] | undefined>>();

  constructor(
    private readonly gpu: ConfiguredGpu,
    private readonly store: ModelStore,
  ) {}

  async state(model: GenerationModel): Promise<CardFileState> {
    const onDisk = await this.onDisk(model);
    if (onDisk !== undefined && onDisk !== 'missing') return onDisk;
    // A folder that the server has elsewhere as well (extra_model_paths.yaml) is not seen from here.
    const listed = await this.listOf(listWithFile(model.folder, model.name));
    if (listed === undefined) return onDisk ?? 'unknown';
    return listed.some((name) => name.replaceAll('\\', '/') === model.name) ? 'present' : 'missing';
  }

  private async onDisk({
    folder,
    name,
    bytes,
  }: GenerationModel): Promise<Exclude<CardFileState, 'unknown'> | undefined> {
    const place = this.store.place(this.gpu, folder, name);
    if (
      place === undefined ||
      this.gpu.models_folder === undefined ||
      (await sizeOf(this.gpu.models_folder)) === undefined
    )
      return undefined;
    const size = await sizeOf(place);
    if (size === undefined) return 'missing';
    return bytes === null || size === bytes ? 'present' : 'other_size';
  }

  private listOf(folder: string): Promise<readonly string[] | undefined> {
    const asked = this.lists.get(folder) ?? askList(this.gpu, `/models/${encodeURIComponent(folder)}`);
    this.lists.set(folder, asked);
    return asked;
  }
}

async function askList({ url, access }: ConfiguredGpu, path: string): Promise<readonly string[] | undefined> {
  try {
    const response = await fetchFromCard(url + path, { signal: AbortSignal.timeout(askTimeoutMs) }, access);
    return response.ok ? z.array(z.string()).safeParse(await response.json()).data : undefined;
  } catch {
    // Not reachable, not JSON, too slow: what the list would say is not known, and that is the answer.
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
