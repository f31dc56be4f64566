import type { ReferenceUse } from '../composition';
import type { ModelFamily, ModelFolder } from '../template/workflow-parameter';

/**
 * A file that the IP-Adapter pack looks for by itself, by its name; that it is missing shows only when a prompt runs.
 */
export interface SoughtFile {
  folder: ModelFolder;
  /** As its publisher calls it. */
  name: string;
  /** What the pack accepts. */
  accepts: RegExp;
  source: string;
}

const adapterSource = 'https://huggingface.co/h94/IP-Adapter';
const faceidSource = 'https://huggingface.co/h94/IP-Adapter-FaceID';

const clipVision: SoughtFile = {
  folder: 'clip_vision',
  name: 'CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors',
  accepts: /vit.h.14.*s32b.b79k|ipadapter.*sd15|sd1.?5.*model/i,
  source: adapterSource,
};

const ofKind: Record<ReferenceUse['kind'], Record<ModelFamily, SoughtFile[]>> = {
  ipadapter: {
    sd15: [
      {
        folder: 'ipadapter',
        name: 'ip-adapter-plus-face_sd15.safetensors',
        accepts: /plus.face.sd15\.(?:safetensors|bin)$/i,
        source: adapterSource,
      },
    ],
    sdxl: [
      {
        folder: 'ipadapter',
        name: 'ip-adapter-plus-face_sdxl_vit-h.safetensors',
        accepts: /plus.face.sdxl.vit.h\.(?:safetensors|bin)$/i,
        source: adapterSource,
      },
    ],
  },
  faceid: {
    sd15: [
      {
        folder: 'ipadapter',
        name: 'ip-adapter-faceid-plusv2_sd15.bin',
        accepts: /faceid.plusv2.sd15\.(?:safetensors|bin)$/i,
        source: faceidSource,
      },
      {
        folder: 'loras',
        name: 'ip-adapter-faceid-plusv2_sd15_lora.safetensors',
        accepts: /faceid.plusv2.sd15.lora\.safetensors$/i,
        source: faceidSource,
      },
    ],
    sdxl: [
      {
        folder: 'ipadapter',
        name: 'ip-adapter-faceid-plusv2_sdxl.bin',
        accepts: /faceid.plusv2.sdxl\.(?:safetensors|bin)$/i,
        source: faceidSource,
      },
      {
        folder: 'loras',
        name: 'ip-adapter-faceid-plusv2_sdxl_lora.safetensors',
        accepts: /faceid.plusv2.sdxl.lora\.safetensors$/i,
        source: faceidSource,
      },
    ],
  },
};

/** Files that references of these kinds need beside a checkpoint of this family. */
export const soughtFor = (kinds: ReadonlySet<ReferenceUse['kind']>, family: ModelFamily): SoughtFile[] =>
  kinds.size === 0 ? [] : [...[...kinds].flatMap((kind) => ofKind[kind][family]), clipVision];
