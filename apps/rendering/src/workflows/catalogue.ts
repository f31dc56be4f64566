import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promptGraph } from '@tower/comfyui';
import { AppError, describeError, invalid } from '@tower/kit';
import { parse } from 'yaml';
import { compatibilityWith, type CandidateCard } from './compatibility/compatibility';
import { familyOf, type StatedFamilies } from './models/model-family';
import { baseName, meansFile } from './models/model-names';
import { checkReferences } from './template/check-references';
import { workflowFile, type Workflow } from './template/workflow-file';

/** What a request says that bears on which workflow suits it. */
interface Wish {
  /** The request brings a picture to begin with. */
  startImage?: boolean | undefined;
  /** The model that the request names. */
  modelName?: string | undefined;
  /** What was stated of checkpoints, by the request among others. */
  families?: StatedFamilies | undefined;
  /** The cards as they are now. */
  cards?: readonly CandidateCard[] | undefined;
}

/**
 * The templates of `workflows/`, read and checked once at start. A broken one stops the start: half a library would
 * fail later and elsewhere.
 */
export class Catalogue {
  private constructor(private readonly byName: ReadonlyMap<string, Workflow>) {}

  static async read(folder: string): Promise<Catalogue> {
    const entries = await readdir(folder, { withFileTypes: true });
    const workflows = await Promise.all(
      entries.filter((entry) => entry.isDirectory()).map((entry) => readWorkflow(join(folder, entry.name), entry.name)),
    );
    return new Catalogue(
      new Map(
        workflows.map((workflow) => [workflow.file.name, workflow] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
  }

  /** By name. */
  all(): Workflow[] {
    return [...this.byName.values()];
  }

  /** Undefined when there is none of this name, or no longer. */
  find(name: string): Workflow | undefined {
    return this.byName.get(name);
  }

  /** Throws `workflow_unknown` naming what there is. */
  get(name: string): Workflow {
    const workflow = this.byName.get(name);
    if (workflow) return workflow;
    const known = [...this.byName.keys()].join(', ');
    throw invalid('workflow_unknown', `there is no workflow ${name}; known are ${known}`, [
      { pointer: '/workflow', message: `must be one of ${known}` },
    ]);
  }

  /**
   * The workflow for a request that names none. Of those that make this kind of thing and have a rank: those that begin
   * with a picture when there is one, and those that need none when there is none; of these, those that take the named
   * model (a checkpoint by its family, another file by its pattern); of these, those that a card can run now; and of
   * these the one with the lowest rank. Where a rule would leave nothing but the picture's, it is passed over, so that
   * the answer can say what is missing.
   */
  defaultFor(jobType: string, wish: Wish = {}): Workflow {
    const makers = this.all()
      .filter(({ file }) => file.job_type === jobType && file.rank !== undefined)
      .sort((a, b) => (a.file.rank ?? 0) - (b.file.rank ?? 0));
    if (makers.length === 0)
      throw invalid('job_type_unsupported', `no workflow makes a ${jobType}`, [
        { pointer: '/job_type', message: 'no installed workflow makes this' },
      ]);
    const fitting = makers.filter((workflow) =>
      wish.startImage === true ? takesStartImage(workflow) : !needsPicture(workflow),
    );
    if (fitting.length === 0) {
      if (wish.startImage === true)
        throw invalid('start_image_unsupported', `no workflow that makes a ${jobType} begins with a picture`, [
          { pointer: '/start_image', message: `is taken by no workflow that makes a ${jobType}` },
        ]);
      throw invalid('image_missing', `every workflow that makes a ${jobType} begins with a picture`, [
        { pointer: '/start_image', message: 'is needed' },
      ]);
    }
    const preferring = (candidates: Workflow[], rule: (workflow: Workflow) => boolean): Workflow[] => {
      const kept = candidates.filter(rule);
      return kept.length === 0 ? candidates : kept;
    };
    const { modelName, families, cards } = wish;
    const taking =
      modelName === undefined ? fitting : preferring(fitting, (workflow) => takesModel(workflow, modelName, families));
    const running =
      cards === undefined
        ? taking
        : preferring(taking, (workflow) => cards.some((card) => compatibilityWith(workflow, card).state === 'ready'));
    return running[0] as Workflow;
  }
}

const picturesOf = ({ file }: Workflow) =>
  Object.entries(file.parameters).flatMap(([name, parameter]) =>
    parameter.type === 'image' || parameter.type === 'film' ? [{ name, optional: parameter.optional }] : [],
  );
const needsPicture = (workflow: Workflow): boolean => picturesOf(workflow).some(({ optional }) => !optional);
const takesStartImage = (workflow: Workflow): boolean =>
  picturesOf(workflow).some(({ name }) => name === 'start_image');

function takesModel({ file }: Workflow, modelName: string, families: StatedFamilies | undefined): boolean {
  const parameter = file.parameters['model_name'];
  if (parameter?.type === 'choice') return typeof parameter.of !== 'string' && parameter.of.includes(modelName);
  if (parameter?.type !== 'model') return false;
  const isOfFamily = parameter.family === undefined || familyOf(modelName, families) === parameter.family;
  if (parameter.prefer.some((name) => meansFile(name, modelName))) return isOfFamily;
  if (parameter.pattern !== undefined) return new RegExp(parameter.pattern, 'i').test(baseName(modelName));
  return isOfFamily;
}

async function readWorkflow(folder: string, name: string): Promise<Workflow> {
  try {
    const file = workflowFile.parse(parse(await readFile(join(folder, 'workflow.yaml'), 'utf8')));
    const graph = promptGraph.parse(JSON.parse(await readFile(join(folder, 'graph.json'), 'utf8')));
    if (file.name !== name) throw new Error(`is called ${file.name} but lies in the folder ${name}`);
    checkReferences({ file, graph });
    return { file, graph };
  } catch (error) {
    throw new AppError('invalid', 'workflow_malformed', `workflow ${name}: ${describeError(error)}`, { cause: error });
  }
}
