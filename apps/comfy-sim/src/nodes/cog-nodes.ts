import { samplingBytes, tiledVaeBytes, vaeBytes } from '../card/activations';
import { unpackFactor } from '../card/model-precision';
import { outOfMemory } from '../card/out-of-memory';
import { drawPreview } from '../pictures/preview';
import { emptyRecipe, type DrawingRecipe } from '../pictures/recipe';
import { PyError } from '../python/errors';
import { str } from '../python/text';
import { CogConditioningValue, CogContextValue, CogLatentValue, CogModelValue, CogVaeValue } from './cog-value';
import { closesLoop, framesAtOnce, windowCount, type ContextWindows } from './context-windows';
import { onCard } from './gpu-work';
import { latentFrames, LatentValue, pictureFrames } from './latent-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue } from './node-value';
import { ClipValue } from './text-encoder-value';
import { encodeText } from './text-nodes';
import { decoded, vaeFactor } from './vae-nodes';

/** Bytes that the pipeline keeps on the card behind ComfyUI's back, until the process ends. */
const keptBytes = 0.35 * 1024 ** 3;
/** Layers that come over the bus one by one, in every pass. */
const offloadFactor = 6;
const cell = 8;

export const cogTextEncode: NodeBehaviour = {
  functionName: 'CogVideoTextEncode.process',
  async run(call) {
    const clip = call.value('clip', ClipValue);
    if (clip.width !== 4096)
      throw new PyError('RuntimeError', 'the text encoder of CogVideoX is T5, this one makes other embeddings');
    await encodeText(call, clip);
    if (call.has('force_offload') && call.flag('force_offload')) call.runtime.card.unloadAll();
    return {
      outputs: [new CogConditioningValue(call.text('prompt'), call.has('strength') ? call.float('strength') : 1), clip],
    };
  },
};

export const cogImageEncode: NodeBehaviour = {
  functionName: 'CogVideoImageEncode.encode',
  async run(call) {
    const { weights } = call.value('vae', CogVaeValue);
    const [start] = call.value('start_image', ImageValue).pictures;
    if (start === undefined) throw new PyError('IndexError', 'index 0 is out of bounds for dimension 0 with size 0');
    const end = call.optional('end_image', ImageValue)?.pictures.at(-1);
    const [width, height] = [Math.floor(start.width / 16) * 16, Math.floor(start.height / 16) * 16];
    const tiles =
      call.has('enable_tiling') && call.flag('enable_tiling')
        ? { side: 256, frames: 1 }
        : { side: Infinity, frames: 1 };
    const seconds = call.runtime.card.decodeSeconds(width * height, end === undefined ? 1 : 2, vaeFactor.cogvideox);
    await onCard(call, [weights], tiledVaeBytes('cogvideox', 'encode', width * height, 1, tiles), () =>
      call.runtime.work(seconds),
    );
    return { outputs: [new CogLatentValue(width, height, { start, end })] };
  },
};

/** Pictures of a window make latent frames, four to one. */
function windowsOf(call: NodeCall): ContextWindows | undefined {
  const options = call.optional('context_options', CogContextValue);
  if (options === undefined) return undefined;
  return {
    length: Math.max(1, Math.floor(options.length / 4)),
    overlap: Math.floor(options.overlap / 4),
    stride: 1,
    schedule: options.isLooped ? 'looped' : 'uniform',
    closedLoop: options.isLooped,
    onEqualLength: false,
  };
}

export const cogSampler: NodeBehaviour = {
  functionName: 'CogVideoSampler.process',
  async run(call) {
    const model = call.value('model', CogModelValue);
    const negative = call.value('negative', CogConditioningValue);
    const positive = call.value('positive', CogConditioningValue);
    const picture = call.optional('image_cond_latents', CogLatentValue);
    const given = call.optional('samples', LatentValue);
    if (model.wantsPicture && picture === undefined)
      throw new PyError('AssertionError', 'Image condition latents required for I2V models');
    if (!model.wantsPicture && picture !== undefined)
      throw new PyError('AssertionError', 'Image condition latents not supported for T2V models');
    const [width, height] = [picture?.width ?? given?.width ?? 720, picture?.height ?? given?.height ?? 480];
    const frames = latentFrames(call.int('num_frames'));
    const count = pictureFrames(frames);
    const steps = call.int('steps');
    const windows = windowsOf(call);
    const closed = closesLoop(windows, frames);
    const recipe: DrawingRecipe = {
      ...emptyRecipe(0),
      positive: positive.text,
      negative: negative.text,
      seed: str(call.plain('seed')),
      steps,
      cfg: call.float('cfg'),
      model: model.name,
      sampled: true,
    };
    const recipes = Array.from({ length: count }, (_, index): DrawingRecipe => ({
      ...recipe,
      motion: { index, count, closed, ...picture?.guide },
    }));
    await runSteps(call, {
      model,
      cells: (width / cell) * (height / cell),
      frames,
      windows,
      steps,
      first: recipes[0],
      width,
      height,
    });
    return { outputs: [new CogLatentValue(width, height, {}, recipes)] };
  },
};

interface CogRun {
  readonly model: CogModelValue;
  readonly cells: number;
  readonly frames: number;
  readonly windows: ContextWindows | undefined;
  readonly steps: number;
  readonly first: DrawingRecipe | undefined;
  readonly width: number;
  readonly height: number;
}

/** Unloads everything of the core first, and puts the whole transformer on the card: it knows no partial loading. */
async function runSteps(call: NodeCall, run: CogRun): Promise<void> {
  const { model, cells, windows, steps, first } = run;
  const { card } = call.runtime;
  card.unloadAll();
  const frames = framesAtOnce(windows, run.frames);
  const denoise = call.has('denoise_strength') ? call.float('denoise_strength') : 1;
  const ticks = Math.max(1, Math.round(steps * denoise));
  const factor = unpackFactor(model.name) * (model.isOffloaded ? offloadFactor : 1);
  await onCard(call, [model.weights], samplingBytes(model.family, cells, frames, 0), async () => {
    for (let step = 1; step <= ticks; step += 1) {
      await call.runtime.work(
        card.stepSeconds({
          family: model.family,
          cells,
          frames,
          windows: windowCount(windows, run.frames),
          guided: call.float('cfg') !== 1,
          factor,
          missingBytes: 0,
        }),
      );
      const preview =
        call.runtime.previews && first !== undefined
          ? await drawPreview(first, run.width, run.height, step / ticks, call.runtime.previewSize)
          : undefined;
      await call.runtime.tick(step, ticks, preview);
    }
  });
  // The transformer goes back to RAM; what the pipeline allocated beside it stays.
  card.unloadAll();
  card.memory.holdForeign(keptBytes);
}

export const cogDecode: NodeBehaviour = {
  functionName: 'CogVideoDecode.decode',
  async run(call) {
    const { weights } = call.value('vae', CogVaeValue);
    const samples = call.value('samples', CogLatentValue);
    const pixels = samples.width * samples.height;
    const tile = {
      side: Math.sqrt(call.int('tile_sample_min_height') * call.int('tile_sample_min_width')),
      frames: Infinity,
    };
    const tiled = tiledVaeBytes('cogvideox', 'decode', pixels, samples.recipes.length, tile);
    const seconds = call.runtime.card.decodeSeconds(pixels, samples.recipes.length, vaeFactor.cogvideox);
    const whole = call.flag('enable_vae_tiling')
      ? tiled
      : vaeBytes('cogvideox', 'decode', pixels, samples.recipes.length);
    try {
      await onCard(call, [weights], whole, () => call.runtime.work(seconds));
    } catch (error) {
      // Whatever goes wrong, the pack tries once more in tiles.
      if (!(error instanceof PyError) || error.type !== outOfMemory) throw error;
      await onCard(call, [weights], tiled, () => call.runtime.work(seconds * 2));
    }
    return { outputs: [decoded(call, samples)] };
  },
};
