/** Packs of custom nodes that workflows use: where to get each, and which of its classes occur in our graphs. */
export const nodePacks: Readonly<Record<string, { source: string; classes: readonly string[] }>> = {
  'ComfyUI-VideoHelperSuite': {
    source: 'https://github.com/Kosinkadink/ComfyUI-VideoHelperSuite',
    classes: ['VHS_VideoCombine', 'VHS_LoadVideo'],
  },
  'ComfyUI-AnimateDiff-Evolved': {
    source: 'https://github.com/Kosinkadink/ComfyUI-AnimateDiff-Evolved',
    classes: ['ADE_AnimateDiffLoaderGen1', 'ADE_LoopedUniformContextOptions'],
  },
  'ComfyUI-Frame-Interpolation': {
    source: 'https://github.com/Fannovel16/ComfyUI-Frame-Interpolation',
    classes: ['RIFE VFI'],
  },
  ComfyUI_IPAdapter_plus: {
    source: 'https://github.com/cubiq/ComfyUI_IPAdapter_plus',
    classes: [
      'IPAdapterUnifiedLoader',
      'IPAdapterUnifiedLoaderFaceID',
      'IPAdapterAdvanced',
      'IPAdapterFaceID',
      'PrepImageForClipVision',
    ],
  },
  'ComfyUI-GGUF': { source: 'https://github.com/city96/ComfyUI-GGUF', classes: ['UnetLoaderGGUF', 'CLIPLoaderGGUF'] },
  'ComfyUI-CogVideoXWrapper': {
    source: 'https://github.com/kijai/ComfyUI-CogVideoXWrapper',
    classes: [
      'DownloadAndLoadCogVideoModel',
      'CogVideoTextEncode',
      'CogVideoImageEncode',
      'CogVideoSampler',
      'CogVideoDecode',
    ],
  },
};

/** The pack that brings a class; undefined for ComfyUI's own. */
export const packOf = (classType: string): string | undefined =>
  Object.entries(nodePacks).find(([, { classes }]) => classes.includes(classType))?.[0];

/**
 * What a class offers in its description since its pack does what our graphs rely on. VideoHelperSuite before 1.5
 * brings every film that it reads or writes to multiples of 8 pixels; its list of formats tells since the month after.
 */
export const signsOfAge: readonly { classType: string; input: string; offers: string; otherwise: string }[] = [
  {
    classType: 'VHS_LoadVideo',
    input: 'format',
    offers: 'Wan',
    otherwise: 'this version, of before March 2025, brings films to multiples of 8 pixels; update the pack',
  },
];
