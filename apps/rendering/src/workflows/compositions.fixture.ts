import { usualValues } from './compatibility/compatibility';
import type { GraphStep, ParameterValues, Parts } from './composition';
import { composeForInspection, type ComposedGraph } from './graph/compose';
import type { Workflow } from './template/workflow-file';

const some = <Item>(taken: boolean, ...items: Item[][]): Item[][] => (taken ? [[], ...items] : [[]]);

/** Every subset of the parts that the workflow takes: none, one, several, of both kinds. */
function partsOf({ file }: Workflow): Parts[] {
  const lora = { file: 'style.safetensors', strengthModel: 0.8, strengthClip: 0.8 };
  const [plain, face] = [
    { kind: 'ipadapter' as const, image: 'hero', weight: 0.8, start: 0, end: 1 },
    { kind: 'faceid' as const, image: 'hero', weight: 0.8, start: 0, end: 1 },
  ];
  const net = { file: 'pose.safetensors', image: 'pose', strength: 1, start: 0, end: 1 };
  const { loras, references, controlnets } = file.parts;
  return some(loras !== undefined, [lora], [lora, lora, lora]).flatMap((chosenLoras) =>
    some(references !== undefined, [plain], [face], [plain, face, plain, face]).flatMap((chosenReferences) =>
      some(controlnets !== undefined, [net, net]).map((chosenNets) => ({
        loras: chosenLoras,
        references: chosenReferences,
        controlnets: chosenNets,
      })),
    ),
  );
}

/**
 * Values on either side of every switch: with and without a start and an end picture, with and without interpolation,
 * closed and open.
 */
export function valuesOf(workflow: Workflow): ParameterValues[] {
  const base = usualValues(workflow, { checkpoints: ['anime_sd15.safetensors', 'anime_sdxl.safetensors'] });
  const optional = Object.entries(workflow.file.parameters).flatMap(
    ([name, parameter]): [string, (string | number | boolean)[]][] => {
      if (parameter.type === 'image' && parameter.optional) return [[name, ['', name]]];
      if (parameter.type === 'boolean') return [[name, [true, false]]];
      return name === 'interpolation' && parameter.type === 'integer' ? [[name, [parameter.min, parameter.max]]] : [];
    },
  );
  return optional.reduce(
    (all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [base],
  );
}

const plansOf = ({ file }: Workflow): GraphStep[][] => {
  const steps = file.fallbacks.map(({ step }) => step);
  return [
    [],
    ...steps.map((step) => [step]),
    steps,
    [...steps, 'smaller_size' as const].filter((step) => steps.includes(step)),
  ];
};

/** By workflow; composing takes longer than looking. */
const composed = new Map<string, ComposedGraph[]>();
/** The graphs of a workflow with every subset of its parts, on either side of its switches, after every fallback. */
export function compositionsOf(workflow: Workflow): ComposedGraph[] {
  const known = composed.get(workflow.file.name);
  if (known) return known;
  const all = valuesOf(workflow).flatMap((values) =>
    partsOf(workflow).flatMap((parts) =>
      plansOf(workflow).map((steps) => composeForInspection(workflow, { values, parts, plan: { steps } })),
    ),
  );
  composed.set(workflow.file.name, all);
  return all;
}
