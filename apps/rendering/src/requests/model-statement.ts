import { modelKey, type GenerateRequest } from '@tower/contracts';
import type { Parts } from '../workflows/composition';
import { aFamily, familyOf, hintedFamily, statedFamily } from '../workflows/models/model-family';
import { settledIn } from '../workflows/models/model-files';
import type { Workflow } from '../workflows/template/workflow-file';
import type { ModelFamily } from '../workflows/template/workflow-parameter';
import type { KnownChoices } from '../workflows/values/resolve-values';

type Statement = Pick<GenerateRequest, 'model_name' | 'model_family'>;

/** The key of the checkpoint that a request names; undefined where it names none, or none that is known for certain. */
function keyOfModel(known: KnownChoices, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const settled = settledIn(known, 'checkpoints', name);
  return typeof settled === 'object' && 'key' in settled ? settled.key : modelKey(name);
}

/** What is known, with what the request says of its own checkpoint before what the operator and the file say. */
export function withStatedFamily(known: KnownChoices, request: Statement): KnownChoices {
  const key = keyOfModel(known, request.model_name);
  return request.model_family === undefined || key === undefined
    ? known
    : { ...known, families: { ...known.families, [key]: request.model_family } };
}

/** Why a request may not state a family, in words that follow the field; undefined where it may, or does not. */
export function statementFault({ file }: Workflow, request: Statement): string | undefined {
  if (request.model_family === undefined) return undefined;
  if (request.model_name === undefined) return 'says what model_name is: name that too';
  return readsCheckpoint(file) ? undefined : `is for checkpoints, and workflow ${file.name} reads none`;
}

function readsCheckpoint({ parameters }: Workflow['file']): boolean {
  const parameter = parameters['model_name'];
  return parameter?.type === 'model' && parameter.folder === 'checkpoints';
}

interface DecidedFamily {
  family: ModelFamily;
  /** What of it is kept with the job: nothing where its name alone says the same. */
  stored: Pick<Parts, 'family'>;
  warnings: string[];
}

/**
 * What the job's checkpoint is taken for: as the request states, else the workflow that was named with it, else as
 * operator or file state, else by its name. A name that hints at something else is only warned of.
 */
export function decidedFamily(
  { file }: Workflow,
  modelName: string,
  request: Statement,
  known: KnownChoices,
): DecidedFamily {
  const parameter = file.parameters['model_name'];
  if (parameter?.type !== 'model' || !readsCheckpoint(file))
    return { family: familyOf(modelName), stored: {}, warnings: [] };
  const stated = statedFamily(modelName, known.families);
  const family = request.model_family ?? parameter.family ?? stated ?? familyOf(modelName);
  const warnings: string[] = [];
  const hint = hintedFamily(modelName);
  if (request.model_family !== undefined && stated !== undefined && stated !== request.model_family)
    warnings.push(
      `${modelName} is taken for ${aFamily[family]} checkpoint, as the request says; its ` +
        `file or config/models.yaml says ${aFamily[stated]} one`,
    );
  else if (hint !== undefined && hint !== family)
    warnings.push(
      `${modelName} is taken for ${aFamily[family]} checkpoint, as was stated; its name hints at ${aFamily[hint]} one`,
    );
  return { family, stored: family === familyOf(modelName) ? {} : { family }, warnings };
}
