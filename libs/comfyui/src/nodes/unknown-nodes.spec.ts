import { nodeCatalogue, nodeClassOf, modelFolderOf, readsInputFile } from './node-catalogue';
import type { NodeClass } from './node-class';
import { packOf } from './node-packs';
import { guessModelFolder, guessNodeClass } from './unknown-nodes';

/** Classes of ComfyUI and of well-known packs that Tower has no entry for, at least one for every rule. */
const guesses: readonly (readonly [string, NodeClass])[] = [
  ['VHS_LoadVideoPath', { stage: 'readingFilm', silence: 'filmFiles', film: true }],
  ['LoadImageMask', { stage: 'preparingPictures', silence: 'quick' }],
  ['ImageScaleToTotalPixels', { stage: 'preparingPictures', silence: 'quick' }],
  ['LoraLoaderBypass', { stage: 'loading', silence: 'loading' }],
  ['LoadAudio', { stage: 'loading', silence: 'unknown' }],
  ['DownloadAndLoadCogVideoGGUFModel', { stage: 'loading', silence: 'fetching' }],
  ['CLIPTextEncodeFlux', { stage: 'readingPrompt', silence: 'coding' }],
  ['IPAdapterStyleComposition', { stage: 'readingPictures', silence: 'unknown' }],
  ['WanFunControlToVideo', { stage: 'other', silence: 'unknown', film: true }],
  ['VAEEncodeTiled', { stage: 'readingPictures', silence: 'coding' }],
  ['EmptySD3LatentImage', { stage: 'preparingLatent', silence: 'quick' }],
  ['LatentUpscale', { stage: 'preparingModel', silence: 'quick' }],
  ['ModelSamplingFlux', { stage: 'preparingModel', silence: 'quick' }],
  ['SamplerCustomAdvanced', { stage: 'sampling', silence: 'sampling', samples: true }],
  ['KSamplerSelect', { stage: 'sampling', silence: 'sampling' }],
  ['VAEDecodeAudio', { stage: 'decoding', silence: 'coding' }],
  ['ImageUpscaleWithModelBatched', { stage: 'upscaling', silence: 'quick' }],
  ['FILM VFI', { stage: 'interpolating', silence: 'interpolating' }],
  ['SaveGLB', { stage: 'saving', silence: 'quick' }],
  ['IPAdapterInsightFaceLoader', { stage: 'loading', silence: 'fetching' }],
  ['SetLatentNoiseMask', { stage: 'other', silence: 'quick' }],
  ['SomebodysOwnCaptioner', { stage: 'other', silence: 'unknown' }],
];

describe('a class that is not in the catalogue', () => {
  it.each(guesses)('%s is taken by its name', (classType, expected) => {
    expect(nodeCatalogue.has(classType)).toBe(false);
    expect(nodeClassOf(classType)).toEqual(expected);
  });

  it('has no pack, no folder of models and no input files, since a wrong one would keep a job off a card', () => {
    for (const [classType] of guesses) {
      expect(packOf(classType)).toBeUndefined();
      expect(modelFolderOf(classType, 'ckpt_name')).toBeUndefined();
      expect(readsInputFile(classType)).toBe(false);
    }
  });

  it('is told the folder of a refused file by the name of the input alone', () => {
    expect(guessModelFolder('ckpt_name')).toBe('checkpoints');
    expect(guessModelFolder('sampler_name')).toBeUndefined();
    expect(guessModelFolder('constructor')).toBeUndefined();
  });
});

describe('a class of the catalogue', () => {
  it('is what its entry says, whatever its name would suggest', () => {
    expect(guessNodeClass('VHS_VideoCombine').stage).toBe('other');
    expect(nodeClassOf('VHS_VideoCombine')).toMatchObject({ stage: 'encodingFilm', pack: 'ComfyUI-VideoHelperSuite' });
  });

  it('names files of models by input, and the inputs that read files', () => {
    expect(modelFolderOf('DualCLIPLoader', 'clip_name2')).toBe('text_encoders');
    expect(modelFolderOf('DualCLIPLoader', 'clip_name3')).toBeUndefined();
    expect(modelFolderOf('QuadrupleCLIPLoaderGGUF', 'clip_name4')).toBe('text_encoders');
    expect(modelFolderOf('constructor', 'name')).toBeUndefined();
    expect(readsInputFile('LoadImage', 'image')).toBe(true);
    expect(readsInputFile('LoadImage', 'upload')).toBe(false);
    expect(readsInputFile('KSampler')).toBe(false);
  });
});
