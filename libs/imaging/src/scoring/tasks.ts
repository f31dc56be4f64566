import { decodePicture } from '../decode';
import { detectFaces, detectObjects } from '../detection/detect';
import type { FilmFacts, FilmOptions } from '../film/film';
import { readFilmForMetrics } from '../film/metric-frames';
import { measureLevels } from '../guards';
import type { FaceLandmarks } from '../identity/alignment';
import { embedCharacter, embedFace, embedScene } from '../identity/embed';
import { embeddingContractId } from '../identity/embedding';
import { cropForIdentity, type IdentityCrop } from '../identity/identity-crop';
import { loopSeam } from '../loop/loop-seam';
import { ARCFACE_PREPROCESSING } from '../model-input/arcface';
import { CCIP_PREPROCESSING } from '../model-input/ccip';
import { DINO_PREPROCESSING } from '../model-input/dino';
import { WD_PREPROCESSING } from '../model-input/wd-tagger';
import type { ModelRunner } from '../models/model-runner';
import { temporalFlickering } from '../motion/flicker';
import { collapseHolds, findHolds } from '../motion/holds';
import { motionSmoothness, onnxInterpolator } from '../motion/smoothness';
import { paletteAdherence } from '../palette/palette-adherence';
import { LPIPS_PREPROCESSING, lpipsFromPair, lpipsPicture } from '../perception/lpips';
import { temporalLpips } from '../perception/temporal-lpips';
import type { PictureLimits, PictureSource, Rgb } from '../picture';
import { structuralSimilarity } from '../ssim/ssim';
import type { Box } from '../detection/overlap';
import { tagPicture } from '../tags/tag-picture';

/**
 * What frames say without a network: how they move, whether they close to a loop, and the levels of the first, the
 * middle and the last one.
 */
async function motionOf(frames: readonly Rgb[]) {
  const holds = findHolds(frames);
  const looked = [...new Set([0, Math.floor(frames.length / 2), frames.length - 1])].map((index) =>
    measureLevels(frames[index]!),
  );
  return {
    holds,
    flickering: temporalFlickering(frames),
    loop: await loopSeam(frames, holds.runLengths, { kind: 'mae' }),
    levels: looked,
  };
}
export type FilmMotion = { readonly facts: FilmFacts } & Awaited<ReturnType<typeof motionOf>>;

const INTERPOLATION_PREPROCESSING = 'interpolation/1: 0..1, edges repeated';
const DETECTOR_PREPROCESSING = 'yolo/1: pillow bicubic squash, 0..1';
const SCRFD_PREPROCESSING = 'scrfd/1: opencv bilinear 640 top left, (x - 127.5) / 128';

/**
 * What the scoring thread can be asked, each with what it takes and gives. Everything that loops over pixels or runs a
 * network is here: on the event loop's thread one LPIPS pair alone would stop every other request for some 50 ms.
 */
export const scoringTasks = {
  decodePicture: (_models: ModelRunner, source: PictureSource, limits?: Partial<PictureLimits>) =>
    decodePicture(source, limits),
  measureLevels: (_models: ModelRunner, picture: Rgb) => measureLevels(picture),
  structuralSimilarity: (_models: ModelRunner, first: Rgb, second: Rgb) => structuralSimilarity(first, second),
  paletteAdherence: (_models: ModelRunner, picture: Rgb, palette: readonly string[]) =>
    paletteAdherence(picture, palette),

  embedCharacter: (models: ModelRunner, modelId: string, picture: Rgb, crop: IdentityCrop, box?: Box) =>
    models.score(modelId, CCIP_PREPROCESSING, (model, { sha256 }) =>
      embedCharacter(
        model,
        embeddingContractId({ modelSha256: sha256, dimensions: 768, preprocessing: CCIP_PREPROCESSING, crop }),
        cropForIdentity(picture, crop, box),
      ),
    ),
  embedFace: (models: ModelRunner, modelId: string, picture: Rgb, landmarks: FaceLandmarks) =>
    models.score(modelId, ARCFACE_PREPROCESSING, (model, { sha256, normalisation = 'plain' }) =>
      embedFace(
        model,
        embeddingContractId({
          modelSha256: sha256,
          dimensions: 512,
          preprocessing: ARCFACE_PREPROCESSING,
          crop: 'umeyama-112/1',
        }),
        picture,
        landmarks,
        normalisation,
      ),
    ),
  embedScene: (models: ModelRunner, modelId: string, picture: Rgb) =>
    models.score(modelId, DINO_PREPROCESSING, (model, { sha256 }) =>
      embedScene(
        model,
        embeddingContractId({ modelSha256: sha256, dimensions: 0, preprocessing: DINO_PREPROCESSING, crop: 'full/1' }),
        picture,
      ),
    ),
  detectFaces: (models: ModelRunner, modelId: string, picture: Rgb) =>
    models.score(modelId, SCRFD_PREPROCESSING, (model) => detectFaces(model, picture)),
  detectObjects: (models: ModelRunner, modelId: string, picture: Rgb) =>
    models.score(modelId, DETECTOR_PREPROCESSING, (model, entry) => detectObjects(model, entry, picture)),
  tagPicture: (models: ModelRunner, modelId: string, picture: Rgb) =>
    models.score(modelId, WD_PREPROCESSING, (model) => tagPicture(model, picture)),
  perceptualDistance: (models: ModelRunner, modelId: string, first: Rgb, second: Rgb) =>
    models.score(modelId, LPIPS_PREPROCESSING, (model) =>
      lpipsFromPair(model)(lpipsPicture(first), lpipsPicture(second)),
    ),

  /** What a film, GIF or animated WebP says without a network, at short side 256. */
  measureMotion: async (_models: ModelRunner, path: string, options?: FilmOptions): Promise<FilmMotion> => {
    const { facts, frames } = await readFilmForMetrics(path, options);
    return { facts, ...(await motionOf(frames)) };
  },

  /** Everything about a film's movement, at short side 256; held drawings are collapsed before smoothness. */
  measureFilm: async (
    models: ModelRunner,
    path: string,
    ids: { readonly lpips: string; readonly interpolator: string },
    options?: FilmOptions,
  ) => {
    const { facts, frames } = await readFilmForMetrics(path, options);
    const motion = await motionOf(frames);
    return {
      facts,
      ...motion,
      temporalLpips: await models.score(ids.lpips, LPIPS_PREPROCESSING, (model) =>
        temporalLpips(frames, lpipsFromPair(model)),
      ),
      smoothness: await models.score(ids.interpolator, INTERPOLATION_PREPROCESSING, (model, { padMultiple = 1 }) =>
        motionSmoothness(collapseHolds(frames, motion.holds.runLengths), onnxInterpolator(model, padMultiple)),
      ),
    };
  },
} as const;

export type ScoringTasks = typeof scoringTasks;
export type ScoringTaskName = keyof ScoringTasks;

type WithoutModels<T> = T extends [ModelRunner, ...infer Rest] ? Rest : never;
export type ScoringArguments<N extends ScoringTaskName> = WithoutModels<Parameters<ScoringTasks[N]>>;
export type ScoringResult<N extends ScoringTaskName> = Awaited<ReturnType<ScoringTasks[N]>>;
