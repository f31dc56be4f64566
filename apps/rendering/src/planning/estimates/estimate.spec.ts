import { changesOf, longestSeconds, p80Of, type Sample, type Work } from './estimate';
import { passesOf } from './passes';

const work: Work = { workflow: 'still', width: 512, height: 768, frames: 1, steps: 24 };
const took = (seconds: number, changes: Partial<Sample> = {}): Sample => ({
  ...work,
  gpu: 'a',
  seconds,
  loadSeconds: null,
  samplingSeconds: null,
  fixedSeconds: null,
  missing: [],
  ...changes,
});

it('the longest time is that of the workflow on the card, brought to the size of the work', () => {
  const samples = [took(4), took(9), took(50, { gpu: 'b' }), took(60, { workflow: 'other' }), took(6, { height: 384 })];
  expect(longestSeconds(work, 'a', samples)).toBe(12);
  expect(longestSeconds({ ...work, steps: 12 }, 'a', samples)).toBe(9);
  expect(longestSeconds(work, 'c', samples)).toBeNull();
});

it('changes are told apart by what takes time, in any order', () => {
  expect(changesOf({ plan: { steps: ['tiled_vae', 'other_seed', 'smaller_context'] } })).toBe(
    'smaller_context tiled_vae',
  );
  expect(changesOf({})).toBe('');
});

it('80 % certainty is what was said, else half-way to the upper end', () => {
  expect(p80Of({ seconds: 10, high: 20 })).toBe(15);
  expect(p80Of({ seconds: 10, high: 20, p80: 11 })).toBe(11);
});

it('a step is two passes, one where cfg is 1; what samples nothing is one', () => {
  expect(passesOf({ steps: 20, cfgScale: 7 })).toBe(40);
  expect(passesOf({ steps: 20 })).toBe(40);
  expect(passesOf({ steps: 4, cfgScale: 1 })).toBe(4);
  expect(passesOf({ steps: 0 })).toBe(1);
});

it('a step is as many passes as its workflow states, whatever cfg is', () => {
  expect(passesOf({ steps: 20, cfgScale: 7 }, 1)).toBe(20);
  expect(passesOf({ steps: 20, cfgScale: 1 }, 3)).toBe(60);
  expect(passesOf({ steps: 0, cfgScale: 7 }, 3)).toBe(1);
});
