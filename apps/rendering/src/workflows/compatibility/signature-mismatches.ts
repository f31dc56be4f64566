import { inputsOf, packOf, signsOfAge, type NodeInfos, type PromptGraph } from '@tower/comfyui';
import { AppError } from '@tower/kit';
import { noChanges, noParts } from '../composition';
import { composeForInspection } from '../graph/compose';
import { checkGraph } from '../template/check-graph';
import type { Workflow } from '../template/workflow-file';
import { usualValues } from './compatibility';
import type { Missing } from './requirements';

/**
 * What a live server's own description of its classes says against a template, with and without its start picture:
 * inputs that are missing, of another type or outside their list, and links that lead nowhere. Constants that the
 * server does not know are no fault, because it ignores them; classes that are not there at all are left to
 * `missingFor`. Done once per boot of a server, with the object_info that it then has in memory.
 */
export function signatureMismatches(workflow: Workflow, infos: NodeInfos): Missing[] {
  const found = [false, true].flatMap((withPicture) => faultsOf(workflow, withPicture, infos));
  return [...new Map(found.map((missing) => [missing.name, missing])).values()];
}

function faultsOf(workflow: Workflow, withPicture: boolean, infos: NodeInfos): Missing[] {
  try {
    const values = usualValues(
      workflow,
      { checkpoints: ['any.safetensors', 'any-xl.safetensors'] },
      'standard',
      withPicture,
    );
    const { graph, outputs } = composeForInspection(workflow, { values, parts: noParts, plan: noChanges });
    const faults = checkGraph(
      graph,
      outputs.map(({ node }) => node),
      infos,
    )
      .filter(
        ({ code, node = '', input = '' }) =>
          code !== 'unknown_class' && (code !== 'unknown_input' || Array.isArray(graph[node]?.inputs[input])),
      )
      .map(
        ({ class: classType = '', input = '', message }) =>
          ({
            kind: 'input',
            name: `${classType}.${input}`,
            where: `${packOf(classType) ?? 'ComfyUI'}: ${message}`,
          }) as const,
      );
    return [...faults, ...tooOld(graph, infos)];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [{ kind: 'input', name: workflow.file.name, where: error.message }];
  }
}

/** Classes of the graph whose pack is of before it did what the graph relies on. */
const tooOld = (graph: PromptGraph, infos: NodeInfos): Missing[] =>
  signsOfAge.flatMap(({ classType, input, offers, otherwise }) => {
    const info = infos[classType];
    if (info === undefined || !Object.values(graph).some((node) => node.class_type === classType)) return [];
    const choices = inputsOf(info, {}).find(({ name }) => name === input)?.choices;
    if (choices?.includes(offers)) return [];
    return [{ kind: 'input', name: `${classType}.${input}`, where: `${packOf(classType) ?? 'ComfyUI'}: ${otherwise}` }];
  });
