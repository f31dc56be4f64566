import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packOf } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from './catalogue';
import { noParts, type ParameterValues } from './composition';
import { compositionsOf, valuesOf } from './compositions.fixture';
import { composeForInspection } from './graph/compose';
import { checkGraph, type GraphFault } from './template/check-graph';
import { recordedServers } from './template/recorded-info.fixture';
import type { Workflow } from './template/workflow-file';
import { workflowNames } from './template/workflow-names.fixture';

let library: Catalogue;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

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
