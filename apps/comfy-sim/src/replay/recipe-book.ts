import { readFileSync } from 'node:fs';
import path from 'node:path';

interface GraphNode {
  readonly class_type: string;
  readonly inputs: Record<string, unknown>;
}
export type Graph = Record<string, GraphNode>;

const book = JSON.parse(
  readFileSync(path.join(__dirname, '..', '..', 'test-data', 'workflow-recipes.json'), 'utf8'),
) as Record<string, Graph>;

/** The graphs that were posted to a real server; patches come over their base, later ones over earlier ones. */
export function recipe(...names: string[]): Graph {
  return Object.assign(
    {},
    ...names.map((name) => {
      const found = book[name];
      if (found === undefined) throw new Error(`no recipe ${name}`);
      return structuredClone(found);
    }),
  ) as Graph;
}

/** Sets inputs of all nodes that have them. */
export function withInputs(graph: Graph, inputs: Record<string, unknown>): Graph {
  return Object.fromEntries(
    Object.entries(graph).map(([id, node]) => [
      id,
      {
        ...node,
        inputs: Object.fromEntries(Object.entries(node.inputs).map(([name, value]) => [name, inputs[name] ?? value])),
      },
    ]),
  );
}

const filmEnds = ['VHS_VideoCombine', 'SaveVideo', 'CreateVideo'];

/** Ends in pictures instead of a film: the model nodes are what is looked at, and films have specs of their own. */
export function endingInPictures(graph: Graph): Graph {
  const kept = Object.entries(graph).filter(([, { class_type: name }]) => !filmEnds.includes(name));
  const [images] = Object.values(graph)
    .filter(({ class_type: name }) => name === 'VHS_VideoCombine' || name === 'CreateVideo')
    .map(({ inputs }) => inputs['images']);
  return {
    ...Object.fromEntries(kept),
    end: { class_type: 'SaveImage', inputs: { images, filename_prefix: 'job/1/frame' } },
  };
}
