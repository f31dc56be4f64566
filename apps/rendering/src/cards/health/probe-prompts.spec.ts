import { nodeCatalogue } from '@tower/comfyui';
import { forgottenClasses } from '../../workflows/node-catalogue.fixture';
import { recordedServers } from '../../workflows/template/recorded-info.fixture';
import { probeGraph } from './probe-prompts';

it('probes a card with classes of the node catalogue', () => {
  const used = Object.values(probeGraph('1')).map((node): [string, string] => [node.class_type, 'the probe']);
  expect(forgottenClasses(new Map(used), nodeCatalogue, Object.values(recordedServers))).toEqual([]);
});
