import { vaeBytes } from '../card/activations';
import type { Picture } from '../pictures/picture';
import { emptyRecipe, type DrawingRecipe, type Motion } from '../pictures/recipe';
import { ClipVisionOutputValue, ConditioningValue, type FilmGuide } from './conditioning-value';
import { onCard } from './gpu-work';
import { latentFrames, LatentValue, pictureFrames, VaeValue, type LatentLayout } from './latent-value';
import { toCells } from './latent-nodes';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue } from './node-value';
import { vaeFactor } from './vae-nodes';

const hunyuanLayout: Omit<LatentLayout, 'clips'> = { channels: 16, cell: 8, isVideo: true };

/** Lengths that are not 4n+1 are cut down to one, as the division by four does it. */
function emptyFilm(call: NodeCall, layout: Omit<LatentLayout, 'clips'>, guide: FilmGuide = {}): LatentValue {
  const clips = call.int('batch_size');
  const count = pictureFrames(latentFrames(call.int('length')));
  const film = (clip: number): DrawingRecipe[] =>
    Array.from({ length: count }, (_, index) => {
      const motion: Motion = { index, count, closed: false, ...guide };
      return { ...emptyRecipe(clip), motion };
    });
  const recipes = Array.from({ length: clips }, (_, clip) => film(clip)).flat();
  return new LatentValue(toCells(call.int('width'), layout.cell), toCells(call.int('height'), layout.cell), recipes, {
    ...layout,
    clips,
  });
}

export const emptyHunyuanLatentVideo: NodeBehaviour = {
  run: (call) => ({ outputs: [emptyFilm(call, hunyuanLayout)] }),
};

/** The given picture, or the named edge of a batch of them. */
function pictureOf(call: NodeCall, name: string, edge: 0 | -1): Picture | undefined {
  return call.optional(name, ImageValue)?.pictures.at(edge);
}

/** The whole length goes through the encoder: the given pictures, and grey where there is none. */
async function encodeGuide(call: NodeCall, latent: LatentValue): Promise<void> {
  const vae = call.value('vae', VaeValue);
  const pixels = latent.width * latent.height;
  const seconds = call.runtime.card.decodeSeconds(
    pixels,
    latent.batch / latent.layout.clips,
    vaeFactor[vae.kind] * 0.6,
  );
  await onCard(call, [vae.weights], vaeBytes(vae.kind, 'encode', pixels, latent.batch), () =>
    call.runtime.work(seconds),
  );
}

async function guidedFilm(
  call: NodeCall,
  guide: FilmGuide,
): Promise<{ outputs: [ConditioningValue, ConditioningValue, LatentValue] }> {
  const positive = call.value('positive', ConditioningValue);
  const negative = call.value('negative', ConditioningValue);
  const latent = emptyFilm(call, hunyuanLayout);
  if (guide.start === undefined && guide.end === undefined) return { outputs: [positive, negative, latent] };
  await encodeGuide(call, latent);
  return { outputs: [positive.with({ guide }), negative.with({ guide }), latent] };
}

export const wanImageToVideo: NodeBehaviour = {
  run(call) {
    call.optional('clip_vision_output', ClipVisionOutputValue);
    return guidedFilm(call, { start: pictureOf(call, 'start_image', 0) });
  },
};

export const wanFirstLastFrameToVideo: NodeBehaviour = {
  run(call) {
    for (const name of ['clip_vision_start_image', 'clip_vision_end_image']) call.optional(name, ClipVisionOutputValue);
    return guidedFilm(call, { start: pictureOf(call, 'start_image', 0), end: pictureOf(call, 'end_image', -1) });
  },
};

/** The picture lies in the latent itself, behind a mask; the texts stay as they are. */
export const wan22ImageToVideoLatent: NodeBehaviour = {
  async run(call) {
    const vae = call.value('vae', VaeValue);
    const start = pictureOf(call, 'start_image', 0);
    const latent = emptyFilm(call, { channels: 48, cell: 16, isVideo: true }, start === undefined ? {} : { start });
    if (start === undefined) return { outputs: [latent] };
    const pixels = latent.width * latent.height;
    await onCard(call, [vae.weights], vaeBytes(vae.kind, 'encode', pixels, 1), () =>
      call.runtime.work(call.runtime.card.decodeSeconds(pixels, 1)),
    );
    return { outputs: [latent] };
  },
};
