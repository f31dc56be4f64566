import { preset as presets, type GenerateRequest, type Preset } from '@tower/contracts';
import { generateRequest, modelKey } from '@tower/contracts';
import type { Card } from '../cards/card';
import { familyOf } from '../workflows/models/model-family';
import { filesIn } from '../workflows/models/model-files';
import { baseName, meansFile } from '../workflows/models/model-names';
import type { Workflow } from '../workflows/template/workflow-file';

/** Sampler steps of what measures a card: enough to tell a step from the rest. */
const steps = 4;
/** Models of one workflow that are measured: what a further one takes is much the same. */
const maxModels = 8;

/** Something that could be measured, or why it is not. */
export type Measurement =
  | { workflow: string; modelName: string | null; requests: GenerateRequest[] }
  | { workflow: string; modelName: string | null; reason: string };

/**
 * What measures a card with one workflow: for each model the quickest preset twice, of which the first time shows what
 * loading takes, and a larger one once, by which the time of a size is told; all with a few steps.
 */
export function measurementsOf(workflow: Workflow, card: Card, projectId: string): Measurement[] {
  const { name, parameters } = workflow.file;
  const input = Object.entries(parameters).find(
    ([, parameter]) => (parameter.type === 'image' || parameter.type === 'film') && !parameter.optional,
  );
  if (input !== undefined)
    return [{ workflow: name, modelName: null, reason: `it works on a ${kindOf(input)} of yours` }];
  const models = modelsOn(workflow, card);
  if (models.length === 0) return [{ workflow: name, modelName: null, reason: `${card.name} has no model for it` }];
  return [
    ...models.slice(0, maxModels).map((model) => ({
      workflow: name,
      modelName: model ?? null,
      requests: sizesOf(workflow).map(([preset, count]) => requestFor(workflow, projectId, { model, preset, count })),
    })),
    ...models.slice(maxModels).map((model) => ({
      workflow: name,
      modelName: model ?? null,
      reason: `${maxModels} other models of this workflow are measured`,
    })),
  ];
}

const kindOf = ([, { type }]: [string, { type: string }]): string => (type === 'film' ? 'film' : 'picture');

/** Files of the card that the workflow may use; one undefined where it takes none by name. */
function modelsOn({ file }: Workflow, card: Card): (string | undefined)[] {
  const parameter = file.parameters['model_name'];
  if (parameter?.type !== 'model') return [undefined];
  const { folder, family, pattern, prefer } = parameter;
  const isNamed = (name: string): boolean => prefer.some((one) => meansFile(one, name));
  const fits = (name: string): boolean => {
    if (family !== undefined) return familyOf(name, card.families) === family;
    return isNamed(name) || (pattern !== undefined && new RegExp(pattern, 'i').test(baseName(name)));
  };
  const files = [...new Set((filesIn(card, folder) ?? []).map(modelKey))].filter(fits);
  // What is used where nobody says otherwise first.
  return files.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)) || (a < b ? -1 : 1));
}

/** Presets with how often each is made. Films are heavy: of these the two quickest. */
function sizesOf({ file }: Workflow): [Preset, number][] {
  const known = presets.options.filter((name) => file.presets[name] !== undefined);
  const [small, next] = known;
  const larger = file.result.fps === undefined && known.includes('standard') ? 'standard' : next;
  const sizes: [Preset, number][] = [];
  if (small !== undefined) sizes.push([small, 2]);
  if (larger !== undefined && larger !== small) sizes.push([larger, 1]);
  return sizes;
}

function requestFor(
  { file }: Workflow,
  projectId: string,
  { model, preset, count }: { model: string | undefined; preset: Preset; count: number },
): GenerateRequest {
  const parameter = file.parameters['steps'];
  return generateRequest.parse({
    project_id: projectId,
    job_type: file.job_type,
    workflow: file.name,
    preset,
    count: file.parameters['seed'] === undefined ? 1 : count,
    priority: 'low',
    auto_quality_check: false,
    max_regenerations: 0,
    ...(file.parameters['prompt'] === undefined ? {} : { prompt: 'a quiet landscape' }),
    ...(parameter?.type === 'integer' ? { steps: Math.max(parameter.min, steps) } : {}),
    ...(model === undefined ? {} : { model_name: model }),
  });
}
