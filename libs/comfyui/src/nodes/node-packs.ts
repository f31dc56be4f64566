import { nodeCatalogue } from './node-catalogue';

/** Packs of custom nodes that workflows use, and where to get each. Which classes each brings: `pack-nodes.ts`. */
const sources = {
  'ComfyUI-VideoHelperSuite': 'https://github.com/Kosinkadink/ComfyUI-VideoHelperSuite',
  'ComfyUI-AnimateDiff-Evolved': 'https://github.com/Kosinkadink/ComfyUI-AnimateDiff-Evolved',
  'ComfyUI-Frame-Interpolation': 'https://github.com/Fannovel16/ComfyUI-Frame-Interpolation',
  ComfyUI_IPAdapter_plus: 'https://github.com/cubiq/ComfyUI_IPAdapter_plus',
  'ComfyUI-GGUF': 'https://github.com/city96/ComfyUI-GGUF',
  'ComfyUI-CogVideoXWrapper': 'https://github.com/kijai/ComfyUI-CogVideoXWrapper',
} as const;

/** A pack by the name of its folder below `custom_nodes`. */
export type PackName = keyof typeof sources;

const sourceByName: ReadonlyMap<string, string> = new Map(Object.entries(sources));

/** Where to get a pack; undefined for one that nobody named here. */
export const packSource = (pack: string): string | undefined => sourceByName.get(pack);

/** The pack that brings a class; undefined for ComfyUI's own and for classes that are not in the catalogue. */
export const packOf = (classType: string): PackName | undefined => nodeCatalogue.get(classType)?.pack;

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
