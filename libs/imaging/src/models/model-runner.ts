import { notComputed, type NotComputed } from '../score';
import type { ModelEntry } from './manifest';
import { ModelMissing, modelRefusal, openModel } from './model-files';
import type { ExecutionProvider, OnnxModel, OnnxOptions } from './onnx-model';

/** Everything that decides which number a model gives; stored with every score. */
export interface ScoreOrigin {
  readonly modelId: string;
  readonly modelSha256: string;
  readonly provider: ExecutionProvider;
  readonly precision: 'fp32';
  /** Name and version, for instance `CCIP_PREPROCESSING`. */
  readonly preprocessing: string;
}

export interface Scored<T> {
  readonly outcome: T | NotComputed;
  /** null when no model could be opened. */
  readonly origin: ScoreOrigin | null;
}

export interface ModelRunnerOptions extends OnnxOptions {
  /** Weights under a licence for research only stay closed until the operator says otherwise. */
  readonly allowNonCommercial?: boolean;
}

/**
 * The models of one manifest, each opened at its first use and kept for the life of the process: sessions leak when
 * remade.
 */
export class ModelRunner {
  private readonly opened = new Map<string, Promise<OnnxModel>>();

  constructor(
    private readonly entries: readonly ModelEntry[],
    private readonly folder: string,
    private readonly options: ModelRunnerOptions = {},
  ) {}

  /** @throws ModelMissing, ModelContractMismatch */
  open(id: string): Promise<OnnxModel> {
    const known = this.opened.get(id);
    if (known !== undefined) return known;
    const opening = this.openFresh(id);
    this.opened.set(id, opening);
    // A missing file may be placed while we run.
    opening.catch(() => this.opened.delete(id));
    return opening;
  }

  getEntry(id: string): ModelEntry {
    const entry = this.entries.find((candidate) => candidate.id === id);
    if (entry === undefined) throw new ModelMissing(`the manifest has no model ${id}`);
    return entry;
  }

  /** Runs `use` with a model; a model that is missing or another becomes the state of the score. */
  async score<T>(
    id: string,
    preprocessing: string,
    use: (model: OnnxModel, entry: ModelEntry) => Promise<T>,
  ): Promise<Scored<T>> {
    let model: OnnxModel;
    let entry: ModelEntry;
    try {
      entry = this.getEntry(id);
      model = await this.open(id);
    } catch (error) {
      const refusal = modelRefusal(error);
      if (refusal === undefined) throw error;
      return { outcome: refusal, origin: null };
    }
    const origin = {
      modelId: id,
      modelSha256: entry.sha256,
      provider: model.provider,
      precision: 'fp32',
      preprocessing,
    } as const;
    try {
      return { outcome: await use(model, entry), origin };
    } catch (error) {
      // The runtime's own complaints are plain errors; ours have names and are passed on.
      if (error instanceof Error && error.name === 'Error') return { outcome: notComputed('inference_failed'), origin };
      throw error;
    }
  }

  async close(): Promise<void> {
    const models = await Promise.allSettled(this.opened.values());
    this.opened.clear();
    for (const model of models) if (model.status === 'fulfilled') await model.value.close();
  }

  private async openFresh(id: string): Promise<OnnxModel> {
    const entry = this.getEntry(id);
    if (entry.nonCommercial && this.options.allowNonCommercial !== true)
      throw new ModelMissing(`model ${id} is for non-commercial use only (${entry.licence}) and not switched on`);
    return openModel(entry, this.folder, this.options);
  }
}
