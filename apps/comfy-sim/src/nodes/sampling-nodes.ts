import { drawPreview } from '../pictures/preview';
import type { DrawingRecipe } from '../pictures/recipe';
import { str } from '../python/text';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ConditioningValue, LatentValue, ModelValue } from './node-value';

interface SamplerRun {
  readonly seed: string;
  readonly steps: number;
  /** Steps that are really made, after denoise or a range of steps. */
  readonly ticks: number;
  readonly cfg: number;
  readonly fresh: boolean;
}

async function sample(call: NodeCall, run: SamplerRun): Promise<LatentValue> {
  const { card } = call.runtime;
  const model = call.value('model', ModelValue);
  const latent = call.value('latent_image', LatentValue);
  const positive = call.value('positive', ConditioningValue).text;
  const negative = call.value('negative', ConditioningValue).text;
  const recipes = latent.recipes.map((base) => nextRecipe(base, run, positive, negative, model));
  await call.runtime.work(card.makeResident(model.checkpoint));
  for (let step = 1; step <= run.ticks; step += 1) {
    await call.runtime.work(card.stepSeconds(model.checkpoint, latent.width * latent.height, latent.batch, run.cfg));
    const first = recipes[0];
    const preview = call.runtime.previews && first !== undefined
      ? await drawPreview(first, latent.width, latent.height, step / run.ticks, call.runtime.previewSize)
      : undefined;
    await call.runtime.tick(step, run.ticks, preview);
  }
  return new LatentValue(latent.width, latent.height, recipes);
}

/** Partial denoising of a sampled latent keeps its character; a full pass starts anew. */
function nextRecipe(base: DrawingRecipe, run: SamplerRun, positive: string, negative: string, model: ModelValue): DrawingRecipe {
  if (base.sampled && !run.fresh) return { ...base, refined: base.refined + 1 };
  return {
    positive, negative, seed: run.seed, steps: run.steps, cfg: run.cfg, model: model.checkpoint, loras: model.loras, index: base.index,
    source: run.fresh ? '' : base.source, refined: 0, sampled: true,
  };
}

export const kSampler: NodeBehaviour = {
  functionName: 'KSampler.sample',
  async run(call) {
    const steps = call.int('steps');
    const denoise = call.float('denoise');
    return {
      outputs: [await sample(call, {
        seed: str(call.plain('seed')), steps, ticks: denoise <= 0 ? 0 : steps, cfg: call.float('cfg'), fresh: denoise > 0.9999,
      })],
    };
  },
};

export const kSamplerAdvanced: NodeBehaviour = {
  functionName: 'KSamplerAdvanced.sample',
  async run(call) {
    const steps = call.int('steps');
    const first = call.int('start_at_step');
    const last = Math.min(steps, call.int('end_at_step'));
    return {
      outputs: [await sample(call, {
        seed: str(call.plain('noise_seed')), steps, ticks: Math.max(0, last - first), cfg: call.float('cfg'),
        fresh: call.text('add_noise') === 'enable' && first === 0,
      })],
    };
  },
};
