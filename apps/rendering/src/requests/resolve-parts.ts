import { modelKey, type FieldError, type GenerateRequest } from '@tower/contracts';
import type { ControlNetUse, LoraUse, Parts, ReferenceUse } from '../workflows/composition';
import { familyOf } from '../workflows/models/model-family';
import { filesIn, settledIn } from '../workflows/models/model-files';
import { baseName } from '../workflows/models/model-names';
import type { Workflow } from '../workflows/template/workflow-file';
import type { ModelFamily } from '../workflows/template/workflow-parameter';
import { unknownFile, type KnownChoices } from '../workflows/values/resolve-values';
import type { NamedLora } from './prompt-reading';
import type { PictureWish } from './resolve-pictures';

/**
 * Weight of a reference that nobody gave one, and the share of the sampling after which it no longer pulls (recipes of
 * comfyui-protocol, 5).
 */
const referenceWeight = 0.8;
const referenceEnd = 0.9;

const poseNet = /open-?pose/i;
/** The ControlNet that a pose is read by while no card has said which it has. */
const usualPoseNet = 'control_v11p_sd15_openpose.pth';

type WithoutPictures = Pick<
  GenerateRequest,
  'lora_models' | 'ipadapter_refs' | 'ipadapter_weight' | 'use_ipadapter' | 'controlnet_models' | 'pose_reference'
>;

/**
 * The optional parts that a request asks for, and the pictures that they need. Files that no card has, and weights for
 * nothing, become entries of `errors`; whether the workflow takes the parts is for composing to say.
 *
 * @param family  of the checkpoint; a pose needs a ControlNet of the same
 */
export function partsOf(
  request: WithoutPictures,
  family: ModelFamily,
  known: KnownChoices,
  errors: FieldError[],
): { parts: Parts; pictures: PictureWish[] } {
  const pictures: PictureWish[] = [];
  const picture = (name: string, ref: string, pointer: string): string => {
    pictures.push({ name, ref, kind: 'image', pointer });
    return name;
  };
  const loras = request.lora_models.map((lora, index) => {
    const { name, strength } = typeof lora === 'string' ? { name: lora, strength: 1 } : lora;
    const file = fileFor(
      known,
      'loras',
      name,
      typeof lora === 'string' ? `/lora_models/${index}` : `/lora_models/${index}/name`,
      errors,
    );
    return { file, strengthModel: strength, strengthClip: strength };
  });
  const references = referencesOf(request, picture, errors);
  const controlnets = request.controlnet_models.map((use, index): ControlNetUse => {
    const file = fileFor(known, 'controlnet', use.name, `/controlnet_models/${index}/name`, errors);
    return {
      file,
      image: picture(`control-${index + 1}`, use.image, `/controlnet_models/${index}/image`),
      strength: use.strength,
      start: 0,
      end: 1,
    };
  });
  if (request.pose_reference !== undefined) {
    const file = poseFile(known, family);
    if (file === undefined)
      errors.push({
        pointer: '/pose_reference',
        message: 'no card has an OpenPose ControlNet for this model in models/controlnet',
      });
    else
      controlnets.push({
        file,
        image: picture('pose', request.pose_reference, '/pose_reference'),
        strength: 1,
        start: 0,
        end: 1,
      });
  }
  return { parts: { loras, references, controlnets }, pictures };
}

function referencesOf(
  request: WithoutPictures,
  picture: (name: string, ref: string, pointer: string) => string,
  errors: FieldError[],
): ReferenceUse[] {
  const none = request.ipadapter_refs.length === 0;
  if (request.use_ipadapter === true && none)
    errors.push({ pointer: '/ipadapter_refs', message: 'is needed when use_ipadapter is true' });
  if (request.ipadapter_weight !== undefined && none)
    errors.push({ pointer: '/ipadapter_weight', message: 'weighs nothing without ipadapter_refs' });
  if (request.use_ipadapter === false) return [];
  return request.ipadapter_refs.map((reference, index) => {
    const { image, weight, kind } =
      typeof reference === 'string' ? { image: reference, weight: undefined, kind: 'ipadapter' as const } : reference;
    const pointer = typeof reference === 'string' ? `/ipadapter_refs/${index}` : `/ipadapter_refs/${index}/image`;
    return {
      kind,
      image: picture(`reference-${index + 1}`, image, pointer),
      weight: weight ?? request.ipadapter_weight ?? referenceWeight,
      start: 0,
      end: referenceEnd,
    };
  });
}

/** A pose ControlNet of the model's family; undefined when the cards have none. */
function poseFile(known: KnownChoices, family: ModelFamily): string | undefined {
  const present = filesIn(known, 'controlnet');
  if (present === undefined) return usualPoseNet;
  const net = present.find((name) => poseNet.test(baseName(name)) && familyOf(name) === family);
  return net === undefined ? undefined : modelKey(net);
}

/**
 * The file as Tower keeps it (`model-names.ts`). One that no card has, or that may be several, becomes an entry of
 * `errors`.
 */
function fileFor(known: KnownChoices, folder: string, name: string, pointer: string, errors: FieldError[]): string {
  const message = unknownFile(folder, name, known);
  if (message !== undefined) errors.push({ pointer, message });
  const settled = settledIn(known, folder, name);
  return typeof settled === 'object' && 'key' in settled ? settled.key : modelKey(name);
}

/** As many as a request may name in `lora_models`. */
const maxLoras = 16;

/**
 * The LoRAs of a job: those of `lora_models`, then those that its texts name, in the order of the texts. One that is
 * named twice with the same weights counts once; with others it is refused, because nobody can know which are meant.
 */
export function withNamedLoras(
  loras: readonly LoraUse[],
  named: readonly NamedLora[],
  known: KnownChoices,
  errors: FieldError[],
): LoraUse[] {
  const all = [...loras];
  for (const { name, strengthModel, strengthClip, tag, pointer } of named) {
    const file = fileFor(known, 'loras', name, pointer, errors);
    const same = all.find((lora) => lora.file === file);
    if (same === undefined) all.push({ file, strengthModel, strengthClip });
    else if (same.strengthModel !== strengthModel || same.strengthClip !== strengthClip)
      errors.push({
        pointer,
        message:
          `has ${tag}, and the same LoRA is asked for with the weight ` +
          `${same.strengthModel} elsewhere: name it once`,
      });
  }
  if (named.length > 0 && all.length > maxLoras)
    errors.push({
      pointer: '/lora_models',
      message: `has ${all.length} LoRAs together with those that the prompt names; at most ${maxLoras} are taken`,
    });
  return all;
}

/** Pictures and films that are parameters of the workflow themselves, as the request names them. */
export function parameterPictures(
  workflow: Workflow,
  request: Pick<GenerateRequest, 'start_image' | 'end_image' | 'parameters'>,
  errors: FieldError[],
): PictureWish[] {
  const wishes: PictureWish[] = [];
  const taken = Object.entries(workflow.file.parameters).flatMap(([name, { type }]) =>
    type === 'image' || type === 'film' ? [{ name, kind: type }] : [],
  );
  const named = (field: 'start_image' | 'end_image'): void => {
    const ref = request[field];
    if (ref === undefined) return;
    // What is worked on may be a film where the workflow works on films.
    const parameter =
      taken.find(({ name }) => name === field) ??
      (field === 'start_image' ? taken.find(({ name }) => name === 'start_film') : undefined);
    if (parameter) wishes.push({ ...parameter, ref, pointer: `/${field}` });
    else errors.push({ pointer: `/${field}`, message: `workflow ${workflow.file.name} takes none` });
  };
  named('start_image');
  named('end_image');
  for (const { name, kind } of taken) {
    const ref = request.parameters[name];
    if (ref === undefined) continue;
    if (typeof ref !== 'string')
      errors.push({
        pointer: `/parameters/${name}`,
        message: 'must be the id of an artifact or of an upload, or a path below the library',
      });
    else if (wishes.some((wish) => wish.name === name))
      errors.push({ pointer: `/parameters/${name}`, message: 'is given twice' });
    else wishes.push({ name, kind, ref, pointer: `/parameters/${name}` });
  }
  return wishes;
}
