import { AppError } from '@tower/kit';
import { noChanges, noParts } from '../composition';
import type { StatedFamilies } from '../models/model-family';
import type { Workflow } from '../template/workflow-file';
import { vramNeedMb } from '../values/planned-values';
import { resolveParameters, type ParameterValue, type ParameterValues } from '../values/resolve-values';
import { describeMissing, missingFor, type Missing, type Capabilities } from './requirements';

/** A card as the question "can it run this?" sees it. */
export interface CandidateCard extends Capabilities {
  name: string;
  /** It answers and takes work, now or when it is done with what it has. */
  isUsable: boolean;
  /** Why it takes no work, in a sentence; it does not answer where nothing is said. */
  trouble?: string | undefined;
  /** Megabytes (MiB) of video memory; null while unknown. */
  memoryMb: number | null;
  samplers?: readonly string[];
  schedulers?: readonly string[];
  /** What was stated of its checkpoints. */
  families?: StatedFamilies | undefined;
}

/** Whether a card can run a workflow as a preset sets it, and what is in the way. */
interface Compatibility {
  gpu: string;
  state: 'ready' | 'down' | 'missing' | 'too_small';
  /** What keeps it from running, for a person; null when nothing does. */
  reason: string | null;
  missing: Missing[];
  /** MiB by the template's formula; null when no values could be chosen. */
  vramNeedMb: number | null;
}

/**
 * Values with which the workflow would run on this card when a request gives no more than it must: placeholders for
 * texts and pictures, files that the card has. Throws `parameters_invalid` or `model_unknown` when the card has no file
 * for one.
 */
export function usualValues(
  workflow: Workflow,
  stock: Pick<CandidateCard, 'checkpoints' | 'models' | 'families' | 'samplers' | 'schedulers'>,
  preset = 'standard',
  withPicture = false,
): ParameterValues {
  const given: Record<string, ParameterValue> = {};
  for (const [name, parameter] of Object.entries(workflow.file.parameters)) {
    if (parameter.type === 'text' && parameter.default === undefined) given[name] = '';
    if (
      (parameter.type === 'image' || parameter.type === 'film') &&
      (!parameter.optional || (withPicture && name === 'start_image'))
    )
      given[name] = name;
  }
  return resolveParameters(workflow, preset, given, stock);
}

/** MiB that this installation learnt such a job to need; null while nothing was learnt. */
export type LearntNeed = (workflow: Workflow, values: ParameterValues) => number | null;

/** What was learnt about memory goes before the template's formula. */
export function compatibilityWith(
  workflow: Workflow,
  card: CandidateCard,
  learnt: LearntNeed = () => null,
): Compatibility {
  if (!card.isUsable)
    return {
      gpu: card.name,
      state: 'down',
      reason: card.trouble ?? `${card.name} does not answer`,
      missing: [],
      vramNeedMb: null,
    };
  let values: ParameterValues;
  try {
    values = usualValues(workflow, card);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {
      gpu: card.name,
      state: 'missing',
      reason: `${card.name}: ${error.message}`,
      missing: unchosen(workflow, error),
      vramNeedMb: null,
    };
  }
  const missing = missingFor(workflow, { values, parts: noParts, plan: noChanges }, card);
  const learntMb = learnt(workflow, values);
  const need = learntMb ?? vramNeedMb(workflow, values);
  if (missing.length > 0)
    return {
      gpu: card.name,
      state: 'missing',
      reason: `${card.name} lacks ${missing.map(describeMissing).join(', ')}`,
      missing,
      vramNeedMb: need,
    };
  if (card.memoryMb !== null && need > card.memoryMb)
    return {
      gpu: card.name,
      state: 'too_small',
      reason:
        `${card.name} has ${card.memoryMb} MiB; the standard preset needs about ${need} MiB ` +
        `(${learntMb === null ? workflow.file.vram.basis : 'learnt from attempts'})`,
      missing,
      vramNeedMb: need,
    };
  return { gpu: card.name, state: 'ready', reason: null, missing, vramNeedMb: need };
}

/** Files of any name that would do, where a parameter finds none to choose. */
function unchosen({ file }: Workflow, error: AppError): Missing[] {
  return (error.options.fields ?? []).flatMap(({ pointer }) => {
    const parameter = file.parameters[pointer.slice(1)];
    if (parameter?.type !== 'model') return [];
    return [
      {
        kind: 'model' as const,
        name: parameter.prefer[0] ?? 'any file',
        where: `models/${parameter.folder}`,
        ...(parameter.source === undefined ? {} : { source: parameter.source }),
      },
    ];
  });
}
