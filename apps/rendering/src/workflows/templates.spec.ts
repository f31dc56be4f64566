import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCatalogue, packOf } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from './catalogue';
import { usualValues } from './compatibility/compatibility';
import { noParts, type GraphStep, type ParameterValues, type Parts } from './composition';
import { composeForInspection, type ComposedGraph } from './graph/compose';
import { checkGraph, type GraphFault } from './template/check-graph';
import { moduleOf, recordedServers } from './template/recorded-info.fixture';
import type { Workflow } from './template/workflow-file';
import { workflowNames } from './template/workflow-names.fixture';

let library: Catalogue;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

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
function valuesOf(workflow: Workflow): ParameterValues[] {
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

const composed = new Map<string, ComposedGraph[]>();
function compositionsOf(workflow: Workflow): ComposedGraph[] {
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

function faultsOn(workflow: Workflow, server: string): GraphFault[] {
  const infos = recordedServers[server] ?? {};
  const faults = compositionsOf(workflow).flatMap(({ graph, outputs }) =>
    checkGraph(
      graph,
      outputs.map(({ node }) => node),
      infos,
    ),
  );
  return [...new Map(faults.map((fault) => [fault.message, fault])).values()];
}

describe.each(workflowNames)('%s', (name) => {
  it.each(['0.3.64 with packs', '0.33 with the packs of 0.3.64'])(
    'is taken by ComfyUI %s with every subset of its parts, on either side of its switches, and after every fallback',
    (server) => {
      expect(faultsOn(library.get(name), server).map(({ message }) => message)).toEqual([]);
    },
  );

  it('is explained in a README of its own', () => {
    expect(readFileSync(join(repositoryRoot, 'workflows', name, 'README.md'), 'utf8')).toMatch(
      new RegExp(`^# ${name}\n\n.{80}`),
    );
  });

  it('says what follows from the picture or film that it begins with', () => {
    const { parameters, follows } = library.get(name).file;
    const input = Object.entries(parameters).find(([, { type }]) => type === 'image' || type === 'film')?.[0];
    expect(follows?.input).toBe(input);
  });

  it('needs no other packs than it says', () => {
    const workflow = library.get(name);
    const { graph } = composeForInspection(workflow, {
      values: valuesOf(workflow)[0] as ParameterValues,
      parts: noParts,
      plan: { steps: [] },
    });
    const packs = new Set(Object.values(graph).flatMap((node) => packOf(node.class_type) ?? []));
    expect([...packs].sort()).toEqual([...workflow.file.needs.packs].sort());
    for (const server of ['0.3.64', '0.33']) {
      const unknown = faultsOn(workflow, server)
        .filter(({ code }) => code === 'unknown_class')
        .map((fault) => fault.class ?? '');
      expect(unknown.filter((classType) => packOf(classType) === undefined)).toEqual([]);
      if (packs.size === 0)
        expect(
          checkGraph(
            graph,
            workflow.file.outputs.map(({ node }) => node),
            recordedServers[server] ?? {},
          ),
        ).toEqual([]);
    }
  });
});

describe('the node catalogue', () => {
  it('names for every class of a pack the pack that brings it', () => {
    for (const [classType, { pack }] of nodeCatalogue)
      if (pack !== undefined) expect([classType, moduleOf(classType)]).toEqual([classType, `custom_nodes.${pack}`]);
  });
});
