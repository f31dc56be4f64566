const gibibyte = 1024 ** 3;

/** What a checkpoint's name tells about its cost. */
export interface ModelFamily {
  readonly name: 'sd15' | 'sdxl';
  readonly fileBytes: number;
  /** Cost of a step relative to SD1.5 at equal pixels. */
  readonly stepFactor: number;
  readonly latentChannels: number;
}

const families = {
  sd15: { name: 'sd15', fileBytes: 2.13 * gibibyte, stepFactor: 1, latentChannels: 4 },
  sdxl: { name: 'sdxl', fileBytes: 3.4 * gibibyte, stepFactor: 2.2, latentChannels: 4 },
} as const satisfies Record<string, ModelFamily>;

export function familyOf(fileName: string): ModelFamily {
  return /xl|pony|illustrious|noob/i.test(fileName) ? families.sdxl : families.sd15;
}
