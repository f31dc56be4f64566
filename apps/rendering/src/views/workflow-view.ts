import { packSource } from '@tower/comfyui';
import type {
  MissingView,
  WorkflowCardView,
  WorkflowParameterView,
  WorkflowSummary,
  WorkflowView,
} from '@tower/contracts';
import { shorten } from '@tower/kit';
import { compatibilityWith, type CandidateCard, type LearntNeed } from '../workflows/compatibility/compatibility';
import type { Missing } from '../workflows/compatibility/requirements';
import { filesIn } from '../workflows/models/model-files';
import type { Workflow, WorkflowParameter } from '../workflows/template/workflow-file';
import { defaultOf, type KnownChoices } from '../workflows/values/resolve-values';
import { namesWithin } from './names-within';

/** Of one card; who lacks more has other things to do first. */
const maxMissing = 20;
/** Bytes of the names that one parameter lists; cards may have thousands of files. */
const maxChoiceBytes = 32 * 1024;

const toMissingView = ({ kind, name, where, source }: Missing): MissingView => ({
  kind,
  name: shorten(name, 300),
  where: shorten(where, 500),
  source: source ?? null,
});

export function toCardView(workflow: Workflow, card: CandidateCard, learnt: LearntNeed): WorkflowCardView {
  const { gpu, state, reason, missing, vramNeedMb } = compatibilityWith(workflow, card, learnt);
  const omitted = missing.length - maxMissing;
  return {
    gpu,
    can_run: state === 'ready',
    state,
    reason: reason === null ? null : shorten(reason, 1_000),
    missing: missing.slice(0, maxMissing).map(toMissingView),
    ...(omitted > 0 ? { missing_omitted: omitted } : {}),
    vram_need_mb: vramNeedMb,
    vram_mb: card.memoryMb,
  };
}

export function toWorkflowSummary(workflow: Workflow, cards: WorkflowCardView[]): WorkflowSummary {
  const { name, version, title, phase, job_type: jobType, work, rank } = workflow.file;
  return { name, version, title, phase, job_type: jobType, work, rank: rank ?? null, cards };
}

/** `known`: what the cards announce, for lists of choices. */
export function toWorkflowView(workflow: Workflow, cards: WorkflowCardView[], known: KnownChoices): WorkflowView {
  const { file, graph } = workflow;
  return {
    ...toWorkflowSummary(workflow, cards),
    parameters: Object.entries(file.parameters).map(([name, parameter]) => toParameterView(name, parameter, known)),
    presets: file.presets,
    takes: {
      loras: file.parts.loras !== undefined,
      references: file.parts.references !== undefined,
      controlnets: file.parts.controlnets !== undefined,
    },
    follows: toFollowsView(workflow),
    outputs: file.outputs.map(({ kind }) => ({ kind })),
    needs: {
      packs: file.needs.packs.map((name) => ({ name, source: packSource(name) ?? null })),
      nodes: [...new Set(Object.values(graph).map((node) => node.class_type))].sort(),
      models: [
        ...Object.values(file.parameters).flatMap((parameter) =>
          parameter.type === 'model'
            ? [
                {
                  folder: `models/${parameter.folder}`,
                  name: parameter.prefer[0] ?? 'any',
                  source: parameter.source ?? null,
                  note: parameter.about ?? null,
                },
              ]
            : [],
        ),
        ...file.needs.models.map(({ folder, name, source, note }) => ({ folder, name, source: source ?? null, note })),
      ],
    },
    fallbacks: file.fallbacks.map(({ step, gives_up }) => ({ step, gives_up })),
    vram: { basis: file.vram.basis, formula: file.vram.mb },
    time: {
      basis: file.priors.basis,
      load_seconds: file.priors.load_seconds,
      seconds_per_megapixel_frame_step: file.priors.seconds_per_megapixel_step,
      fixed_seconds: file.priors.fixed_seconds,
    },
  };
}

function toFollowsView({ file: { follows, parameters } }: Workflow): WorkflowView['follows'] {
  if (follows === undefined) return null;
  return {
    input: follows.input,
    size: follows.size,
    frames_and_fps: parameters[follows.input]?.type === 'film',
    sound: follows.sound ?? null,
  };
}

function toParameterView(name: string, parameter: WorkflowParameter, known: KnownChoices): WorkflowParameterView {
  const limits =
    parameter.type === 'integer' || parameter.type === 'number'
      ? { min: parameter.min, max: parameter.max }
      : { min: null, max: parameter.type === 'text' ? parameter.max_length : null };
  const step =
    parameter.type === 'integer'
      ? { multiple_of: parameter.multiple_of, remainder: parameter.remainder }
      : { multiple_of: null, remainder: null };
  return {
    name,
    type: parameter.type,
    default: defaultOf(parameter, known) ?? null,
    ...limits,
    ...step,
    unit: parameter.type === 'text' ? 'character' : (parameter.unit ?? null),
    about: parameter.about ?? null,
    optional: defaultOf(parameter, known) !== undefined,
    ...choicesOf(parameter, known),
    folder: parameter.type === 'model' ? parameter.folder : null,
    source: parameter.type === 'model' ? (parameter.source ?? null) : null,
  };
}

function choicesOf(
  parameter: WorkflowParameter,
  known: KnownChoices,
): Pick<WorkflowParameterView, 'choices' | 'choices_omitted'> {
  if (parameter.type !== 'choice' && parameter.type !== 'model') return { choices: null };
  const all =
    parameter.type === 'model'
      ? filesIn(known, parameter.folder)
      : typeof parameter.of === 'string'
        ? known[parameter.of]
        : parameter.of;
  const { shown, omitted } = namesWithin(all ?? [], maxChoiceBytes);
  return { choices: shown, ...(omitted === undefined ? {} : { choices_omitted: omitted }) };
}
