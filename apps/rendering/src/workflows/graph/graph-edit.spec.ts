import type { PromptGraph } from '@tower/comfyui';
import * as fc from 'fast-check';
import {
  addNode,
  consumersOf,
  cycleOf,
  dropInput,
  freeId,
  insertAfter,
  relink,
  removeUnreachable,
  replaceNode,
  setInput,
} from './graph-edit';

const small = (): PromptGraph => ({
  '1': { class_type: 'Loader', inputs: { file: 'a' } },
  '2': { class_type: 'Sampler', inputs: { model: ['1', 0], steps: 4 } },
  '3': { class_type: 'Decode', inputs: { samples: ['2', 0], vae: ['1', 2] } },
  '4': { class_type: 'Save', inputs: { images: ['3', 0] } },
});

describe('typed operations on a graph', () => {
  it.each<[string, (graph: PromptGraph) => unknown, string]>([
    ['a node that is already there', (graph) => addNode(graph, '1', 'X', {}), 'already in the graph'],
    ['a new node that links to nothing', (graph) => addNode(graph, '5', 'X', { a: ['9', 0] }), '5.a links to node 9'],
    ['an input of a node that is not there', (graph) => setInput(graph, '9', 'a', 1), 'node 9 is not in the graph'],
    ['a link to its own node', (graph) => setInput(graph, '2', 'model', ['2', 0]), 'own node'],
    ['a link to a position that is none', (graph) => setInput(graph, '2', 'model', ['1', -1]), 'output -1'],
    ['dropping an input that is not there', (graph) => dropInput(graph, '2', 'wings'), 'no input wings'],
    [
      'keeping an input that is not there',
      (graph) => replaceNode(graph, '3', 'X', {}, ['wings']),
      'no input wings to keep',
    ],
    [
      'keeping and giving the same input',
      (graph) => replaceNode(graph, '3', 'X', { vae: ['1', 2] }, ['vae']),
      'both kept and given',
    ],
    ['relinking a node to itself', (graph) => relink(graph, ['1', 0], ['2', 0]), 'its own input'],
    [
      'an inserted input that is given twice',
      (graph) => insertAfter(graph, ['1', 0], { id: '5', classType: 'X', input: 'model', inputs: { model: ['1', 0] } }),
      'given twice',
    ],
    ['an output that is not there', (graph) => removeUnreachable(graph, ['9']), 'node 9 is not in the graph'],
  ])('refuse %s', (_what, operation, message) => {
    expect(() => operation(small())).toThrow(message);
  });

  it('put a node between an output and all that reads it', () => {
    const graph = small();
    insertAfter(graph, ['1', 0], { id: freeId(graph), classType: 'Lora', input: 'model', inputs: { strength: 1 } });
    expect(graph['1000']).toEqual({ class_type: 'Lora', inputs: { strength: 1, model: ['1', 0] } });
    expect(graph['2']?.inputs['model']).toEqual(['1000', 0]);
    expect(consumersOf(graph, ['1', 0])).toEqual([{ node: '1000', input: 'model' }]);
  });

  it('replace a node and keep what reads it', () => {
    const graph = small();
    replaceNode(graph, '3', 'DecodeTiled', { tile: 64 }, ['samples', 'vae']);
    expect(graph['3']).toEqual({ class_type: 'DecodeTiled', inputs: { samples: ['2', 0], vae: ['1', 2], tile: 64 } });
    expect(graph['4']?.inputs['images']).toEqual(['3', 0]);
  });

  it('remove exactly what no output needs', () => {
    const graph = small();
    addNode(graph, '7', 'Preview', { images: ['3', 0] });
    addNode(graph, '8', 'Lonely', {});
    expect(removeUnreachable(graph, ['4']).sort()).toEqual(['7', '8']);
    expect(Object.keys(graph)).toEqual(['1', '2', '3', '4']);
  });

  it('find a cycle and only then', () => {
    const graph = small();
    expect(cycleOf(graph)).toBeUndefined();
    setInput(graph, '2', 'again', ['3', 0]);
    expect([...(cycleOf(graph) ?? [])].sort()).toEqual(['2', '3']);
  });

  it('keep every graph whole: no link to nothing and no cycle, whatever is inserted where', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(2)), { maxLength: 20 }), (insertions) => {
        const graph = small();
        for (const [pick, slot] of insertions) {
          const ids = Object.keys(graph);
          insertAfter(graph, [ids[pick % ids.length] as string, slot], {
            id: freeId(graph),
            classType: 'X',
            input: 'in',
            inputs: {},
          });
        }
        for (const node of Object.values(graph))
          for (const value of Object.values(node.inputs))
            if (Array.isArray(value)) expect(graph[value[0]]).toBeDefined();
        expect(cycleOf(graph)).toBeUndefined();
        const [reached] = consumersOf(graph, ['1', 0]);
        expect(reached).toBeDefined();
      }),
    );
  });
});
