/**
 * What a denoising network costs. All figures are priors of a simulation, not measurements of cards: parameter counts
 * are those the authors publish, `activationFactor` is the factor of ComfyUI's own estimate (`memory_usage_factor`),
 * `stepFactor` was chosen so that the times reported for common cards come out in the right order.
 */
export interface ModelFamily {
  readonly name: 'sd15' | 'sdxl' | 'wan-1.3b' | 'wan-5b' | 'wan-14b' | 'cogvideox-2b' | 'cogvideox-5b';
  /** As node packs call the architecture in their messages. */
  readonly title: string;
  readonly parameters: number;
  /** Cost of a step relative to SD1.5 over as many latent cells. */
  readonly stepFactor: number;
  readonly activationFactor: number;
  readonly latentChannels: number;
  /** Pixels along one side of a latent cell. */
  readonly cell: number;
  /** Works on five dimensions, four pictures to a latent frame. */
  readonly isVideo: boolean;
  /** Width of the text embeddings it was trained with. */
  readonly textWidth: number;
}

const families = {
  sd15: {
    name: 'sd15',
    title: 'SD1.5',
    parameters: 0.86e9,
    stepFactor: 1,
    activationFactor: 1,
    latentChannels: 4,
    cell: 8,
    isVideo: false,
    textWidth: 768,
  },
  sdxl: {
    name: 'sdxl',
    title: 'SDXL',
    parameters: 2.57e9,
    stepFactor: 2.2,
    activationFactor: 0.8,
    latentChannels: 4,
    cell: 8,
    isVideo: false,
    textWidth: 2048,
  },
  wanSmall: {
    name: 'wan-1.3b',
    title: 'WAN21',
    parameters: 1.42e9,
    stepFactor: 1.45,
    activationFactor: 0.77,
    latentChannels: 16,
    cell: 8,
    isVideo: true,
    textWidth: 4096,
  },
  wanMiddle: {
    name: 'wan-5b',
    title: 'WAN22',
    parameters: 5e9,
    stepFactor: 4.5,
    activationFactor: 1.54,
    latentChannels: 48,
    cell: 16,
    isVideo: true,
    textWidth: 4096,
  },
  wanLarge: {
    name: 'wan-14b',
    title: 'WAN21',
    parameters: 14.3e9,
    stepFactor: 6,
    activationFactor: 2.56,
    latentChannels: 16,
    cell: 8,
    isVideo: true,
    textWidth: 4096,
  },
  /** With the cross attention over CLIP vision that 2.1 has for pictures. */
  wanLargePicture: {
    name: 'wan-14b',
    title: 'WAN21',
    parameters: 16.4e9,
    stepFactor: 6.3,
    activationFactor: 2.56,
    latentChannels: 16,
    cell: 8,
    isVideo: true,
    textWidth: 4096,
  },
  cogSmall: {
    name: 'cogvideox-2b',
    title: 'CogVideoX',
    parameters: 1.69e9,
    stepFactor: 1.3,
    activationFactor: 1.1,
    latentChannels: 16,
    cell: 8,
    isVideo: true,
    textWidth: 4096,
  },
  cogLarge: {
    name: 'cogvideox-5b',
    title: 'CogVideoX',
    parameters: 5.57e9,
    stepFactor: 3,
    activationFactor: 1.5,
    latentChannels: 16,
    cell: 8,
    isVideo: true,
    textWidth: 4096,
  },
} as const satisfies Record<string, ModelFamily>;

/** The first pattern that a file's name matches decides; anything else counts as SD1.5. */
const patterns: readonly (readonly [RegExp, ModelFamily])[] = [
  [/cogvideox.*2b/i, families.cogSmall],
  [/cogvideo/i, families.cogLarge],
  [/wan.*1[._]3b/i, families.wanSmall],
  [/wan.*[^\d]5b/i, families.wanMiddle],
  [/wan.?2[._]?1.*(?:i2v|flf2v)/i, families.wanLargePicture],
  [/wan/i, families.wanLarge],
  [/xl|pony|illustrious|noob/i, families.sdxl],
];

export function familyOf(fileName: string): ModelFamily {
  return patterns.find(([pattern]) => pattern.test(fileName))?.[1] ?? families.sd15;
}
