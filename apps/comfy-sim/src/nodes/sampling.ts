import { samplingBytes } from '../card/activations';
import { unpackFactor } from '../card/model-precision';
import { drawPreview } from '../pictures/preview';
import type { DrawingRecipe, Motion } from '../pictures/recipe';
import { PyError } from '../python/errors';
import type { ConditioningValue } from './conditioning-value';
import { closesLoop, framesAtOnce, isSliding, windowCount } from './context-windows';
import { onCard } from './gpu-work';
import type { LatentValue } from './latent-value';
import type { ModelValue } from './model-value';
import type { NodeCall } from './node-behaviour';

/** What a sampler node asks for, whichever node it is. */
export interface SamplerRun {
  readonly model: ModelValue;
  readonly positive: ConditioningValue;
  readonly negative: ConditioningValue | undefined;
  readonly latent: LatentValue;
  readonly seed: string;
  readonly steps: number;
  /** Steps that are really made, after denoise or a range of steps. */
  readonly ticks: number;
  readonly cfg: number;
  /** Begins from noise alone, whatever the latent shows. */
  readonly fresh: boolean;
  /** Stops before the last step and leaves the noise in. */
  readonly leavesNoise: boolean;
}

/** A control network goes over about half of what the denoiser does. */
const controlFactor = 0.35;
const motionFactor = 0.3;

/** Runs the steps. Throws torch.OutOfMemoryError when neither partial loading nor anything else makes room. */
export async function sample(call: NodeCall, run: SamplerRun): Promise<LatentValue> {
  refuseMisfits(run);
  const { model, latent } = run;
  const { family } = model;
  const controls = [...run.positive.controls, ...(run.negative?.controls ?? [])];
  const networks = [...new Map(controls.map((control) => [control.weights.name, control.weights])).values()];
  const motion = model.parts.motion;
  const weights = [
    model.parts.weights,
    ...model.companions,
    ...networks,
    ...(motion === undefined ? [] : [motion.weights]),
  ];
  const { windows } = model.parts;
  const frames = framesAtOnce(windows, latent.frames);
  const activations = samplingBytes(family, latent.cells, frames, networks.length + (motion === undefined ? 0 : 1));
  const factor =
    (1 + controlFactor * networks.length + (motion === undefined ? 0 : motionFactor)) * unpackFactor(model.file);
  const recipes = latent.recipes.map((base, index) => nextRecipe(base, run, filmMoment(base, index, run)));
  return onCard(call, weights, activations, async ({ missingBytes }) => {
    const [first] = recipes;
    for (let step = 1; step <= run.ticks; step += 1) {
      await call.runtime.work(
        call.runtime.card.stepSeconds({
          family,
          cells: latent.cells,
          frames,
          windows: windowCount(windows, latent.frames),
          guided: run.cfg !== 1,
          factor,
          missingBytes,
        }),
      );
      const preview =
        call.runtime.previews && first !== undefined
          ? await drawPreview(first, latent.width, latent.height, step / run.ticks, call.runtime.previewSize)
          : undefined;
      await call.runtime.tick(step, run.ticks, preview);
    }
    return latent.with({ recipes, channels: family.latentChannels, isUnfinished: run.leavesNoise });
  });
}

/**
 * What Python fails on inside the network. Empty latents are brought to the right channels; texts and sampled latents
 * are not.
 */
function refuseMisfits({ model, positive, latent }: SamplerRun): void {
  const { family } = model;
  if (latent.layout.isVideo && !family.isVideo)
    throw new PyError('ValueError', 'too many values to unpack (expected 4)');
  const sampled = latent.recipes.some((recipe) => recipe.sampled || recipe.source !== '');
  if (sampled && latent.layout.channels !== family.latentChannels) {
    throw new PyError(
      'RuntimeError',
      `Given groups=1, expected input to have ${family.latentChannels} channels, but ` +
        `got ${latent.layout.channels} channels instead`,
    );
  }
  if (positive.width !== family.textWidth) {
    throw new PyError(
      'RuntimeError',
      `mat1 and mat2 shapes cannot be multiplied (77x${positive.width} and ${family.textWidth}x${family.textWidth})`,
    );
  }
  const motion = model.parts.motion;
  if (motion === undefined) return;
  if (!isSliding(model.parts.windows, latent.frames) && latent.frames > motion.mostFrames) {
    throw new PyError(
      'ValueError',
      `Without a context window, AnimateDiff model ${motion.file} has upper limit of ${motion.mostFrames} ` +
        `frames, but received ${latent.frames} latents.`,
    );
  }
}

/** A motion module makes a film of a batch; video latents are films from the start. */
function filmMoment(base: DrawingRecipe, index: number, { model, latent, positive }: SamplerRun): Motion | undefined {
  const closed = closesLoop(model.parts.windows, latent.frames);
  if (model.parts.motion !== undefined) return { ...base.motion, index, count: latent.batch, closed };
  if (base.motion === undefined || !latent.layout.isVideo) return base.motion;
  const { start, end } = positive.guide;
  // A film that must end with a picture does not come round by itself, but it does when that is the one it began with.
  return {
    ...base.motion,
    closed: closed && end === undefined,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
  };
}

/** Partial denoising of a sampled latent keeps its character, and so does the second stage; a full pass starts anew. */
function nextRecipe(base: DrawingRecipe, run: SamplerRun, motion: Motion | undefined): DrawingRecipe {
  const film = motion === undefined ? {} : { motion };
  if (base.sampled && !run.fresh) {
    if (!run.latent.isUnfinished) return { ...base, ...film, refined: base.refined + 1 };
    return { ...base, ...film, model: joined(base.model, run.model.file), loras: [...base.loras, ...changesOf(run)] };
  }
  const { references } = run.model;
  return {
    positive: run.positive.text,
    negative: run.negative?.text ?? '',
    seed: run.seed,
    steps: run.steps,
    cfg: run.cfg,
    model: run.model.file,
    loras: changesOf(run),
    index: run.model.parts.motion === undefined ? base.index : (run.latent.recipes[0]?.index ?? 0),
    source: run.fresh ? '' : base.source,
    refined: 0,
    sampled: true,
    ...film,
    ...(references.length === 0 ? {} : { references }),
  };
}

const joined = (first: string, second: string): string => (first === second ? first : `${first} + ${second}`);

/** Everything besides text and seed that makes another picture of the same noise. */
function changesOf({ model, positive }: SamplerRun): string[] {
  const motion = model.parts.motion;
  return [
    ...model.loras,
    ...(motion === undefined ? [] : [motion.file, ...motion.loras]),
    ...positive.controls.map(({ weights, fingerprint, strength }) => `${weights.name} ${fingerprint}@${strength}`),
  ];
}
