import type { PromptGraph } from '@tower/comfyui';
import { invalid } from '@tower/kit';
import type { ControlNetUse, LoraUse, Parts, ReferenceUse } from '../composition';
import type { Workflow } from '../template/workflow-file';
import { addNode, freeId, insertAfter, relink, type Slot } from './graph-edit';

/** Gives the output with the picture of this name; the node is added once per picture. */
type Pictures = (image: string) => Slot;

/** IP-Adapter presets that exist for SD 1.5 and SDXL alike; the pack tells by the model which file to take. */
const referencePresets = { ipadapter: 'PLUS FACE (portraits)', faceid: 'FACEID PLUS V2' } as const;
/** Strength of the LoRA that belongs to FaceID and that its loader adds by itself. */
const faceidLoraStrength = 0.6;

/**
 * LoRAs one behind the other, on each model of the workflow and on its text encoder: applied in the order given.
 * Returns the ends of the chains.
 */
function addLoras(
  graph: PromptGraph,
  models: readonly Slot[],
  clip: Slot | undefined,
  loras: readonly LoraUse[],
): Slot[] {
  const ends: Slot[] = [...models];
  let clipEnd = clip;
  for (const lora of loras) {
    for (const [index, end] of ends.entries()) {
      const id = freeId(graph);
      const strength = { lora_name: lora.file, strength_model: lora.strengthModel };
      const textEnd = index === 0 ? clipEnd : undefined;
      if (textEnd === undefined)
        insertAfter(graph, end, { id, classType: 'LoraLoaderModelOnly', input: 'model', inputs: strength });
      else {
        insertAfter(graph, end, {
          id,
          classType: 'LoraLoader',
          input: 'model',
          inputs: { ...strength, clip: [...textEnd], strength_clip: lora.strengthClip },
        });
        relink(graph, textEnd, [id, 1], [id]);
        clipEnd = [id, 1];
      }
      ends[index] = [id, 0];
    }
  }
  return ends;
}

/**
 * IP-Adapter references one behind the other, behind the LoRAs. One loader per kind: it brings the adapter, and for
 * FaceID a LoRA of its own. Pictures for the plain kind are cropped first, because CLIP vision looks at a square.
 */
function addReferences(graph: PromptGraph, model: Slot, references: readonly ReferenceUse[], picture: Pictures): void {
  let end = model;
  const loaders = new Map<ReferenceUse['kind'], string>();
  for (const reference of references) {
    const { kind } = reference;
    let loader = loaders.get(kind);
    if (loader === undefined) {
      const [classType, inputs] =
        kind === 'faceid'
          ? ([
              'IPAdapterUnifiedLoaderFaceID',
              { preset: referencePresets.faceid, lora_strength: faceidLoraStrength, provider: 'CPU' },
            ] as const)
          : (['IPAdapterUnifiedLoader', { preset: referencePresets.ipadapter }] as const);
      loader = insertAfter(graph, end, { id: freeId(graph), classType, input: 'model', inputs });
      end = [loader, 0];
      loaders.set(kind, loader);
    }
    const common = {
      ipadapter: [loader, 1] as [string, number],
      weight: reference.weight,
      weight_type: 'linear',
      combine_embeds: 'concat',
      start_at: reference.start,
      end_at: reference.end,
      embeds_scaling: 'V only',
    };
    const [image, slot] = picture(reference.image);
    if (kind === 'faceid') {
      end = [
        insertAfter(graph, end, {
          id: freeId(graph),
          classType: 'IPAdapterFaceID',
          input: 'model',
          inputs: { ...common, image: [image, slot], weight_faceidv2: 1 },
        }),
        0,
      ];
    } else {
      const square = addNode(graph, freeId(graph), 'PrepImageForClipVision', {
        image: [image, slot],
        interpolation: 'LANCZOS',
        crop_position: 'top',
        sharpening: 0,
      });
      end = [
        insertAfter(graph, end, {
          id: freeId(graph),
          classType: 'IPAdapterAdvanced',
          input: 'model',
          inputs: { ...common, image: [square, 0] },
        }),
        0,
      ];
    }
  }
}

/** ControlNets one behind the other on both conditionings. */
function addControlNets(
  graph: PromptGraph,
  at: { positive: Slot; negative: Slot },
  uses: readonly ControlNetUse[],
  picture: Pictures,
): void {
  let { positive, negative } = at;
  for (const use of uses) {
    const loader = addNode(graph, freeId(graph), 'ControlNetLoader', { control_net_name: use.file });
    const [image, slot] = picture(use.image);
    const id = freeId(graph);
    addNode(graph, id, 'ControlNetApplyAdvanced', {
      positive: [...positive],
      negative: [...negative],
      control_net: [loader, 0],
      image: [image, slot],
      strength: use.strength,
      start_percent: use.start,
      end_percent: use.end,
    });
    relink(graph, positive, [id, 0], [id]);
    relink(graph, negative, [id, 1], [id]);
    positive = [id, 0];
    negative = [id, 1];
  }
}

/**
 * Adds LoRAs, references and ControlNets where the workflow takes them. Throws `part_unsupported` for a part that it
 * cannot take.
 */
export function addParts({ file }: Workflow, graph: PromptGraph, parts: Parts, picture: Pictures): void {
  const refuse = (what: string, pointer: string) =>
    invalid('part_unsupported', `workflow ${file.name} takes no ${what}`, [
      { pointer, message: `workflow ${file.name} takes no ${what}` },
    ]);
  const { loras, references, controlnets } = file.parts;
  let ends: Slot[] = loras?.model ?? [];
  if (parts.loras.length > 0) {
    if (!loras) throw refuse('LoRA', '/lora_models');
    ends = addLoras(graph, loras.model, loras.clip, parts.loras);
  }
  if (parts.references.length > 0) {
    if (!references) throw refuse('reference pictures', '/ipadapter_refs');
    const behind =
      loras?.model.findIndex(([node, output]) => node === references.model[0] && output === references.model[1]) ?? -1;
    addReferences(graph, ends[behind] ?? references.model, parts.references, picture);
  }
  if (parts.controlnets.length > 0) {
    if (!controlnets) throw refuse('ControlNet', '/controlnet_models');
    addControlNets(graph, controlnets, parts.controlnets, picture);
  }
}
