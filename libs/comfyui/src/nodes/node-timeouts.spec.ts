import type { PromptGraph } from '../prompt-graph';
import { patienceMs, unheardPatienceMs, type HeardOf } from './node-timeouts';

const minute = 60_000;
const still: PromptGraph = {
  '1': { class_type: 'CheckpointLoaderSimple', inputs: {} },
  '2': { class_type: 'KSampler', inputs: {} },
  '3': { class_type: 'SomebodysOwnCaptioner', inputs: {} },
  '4': { class_type: 'SaveImage', inputs: {} },
};
const film: PromptGraph = { ...still, '5': { class_type: 'VHS_VideoCombine', inputs: {} } };
const heard = (changes: Partial<HeardOf>): HeardOf => ({
  node: '2',
  ticked: true,
  longestStepMs: 0,
  firstAfterBoot: false,
  ...changes,
});

describe('the patience with a prompt that is listened to', () => {
  it.each<[string, Partial<HeardOf>, number]>([
    ['a sampler that has reported steps', {}, 2],
    ['a sampler before its first step, which moves its model onto the card', { ticked: false }, 10],
    ['a sampler whose steps take long', { longestStepMs: 2 * minute }, 20],
    ['a loader', { node: '1', ticked: false }, 10],
    ['a node that nobody knows and that reports nothing', { node: '3', ticked: false }, 30],
    ['a node that nobody knows and that reports steps', { node: '3' }, 2],
    ['a node of ComfyUI itself', { node: '4', ticked: false }, 10],
    ['a first run after a boot', { firstAfterBoot: true }, 10],
    ['a first run before its first step', { firstAfterBoot: true, ticked: false }, 50],
  ])('with %s', (_what, changes, minutes) => {
    expect(patienceMs(still, heard(changes)) / minute).toBe(minutes);
  });
});

describe('the patience with a prompt of which nothing is heard', () => {
  it('is an hour for a still and four for a film, whatever such work took', () => {
    expect(unheardPatienceMs(still, null) / minute).toBe(60);
    expect(unheardPatienceMs(still, 1.6) / minute).toBe(60);
    expect(unheardPatienceMs(film, null) / minute).toBe(240);
  });

  it('is longer where such work was seen to take long', () => {
    expect(unheardPatienceMs(still, 1_800) / minute).toBe(150);
  });
});
