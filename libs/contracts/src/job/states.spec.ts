import { gpuState, isUsable } from '../gpu';
import { isOver, jobState } from './states';

it('knows the ends of a job', () => {
  expect(jobState.options.filter(isOver)).toEqual(['completed', 'rejected', 'failed', 'timeout', 'cancelled']);
});

it('knows the cards that can work', () => {
  expect(gpuState.options.filter(isUsable)).toEqual(['idle', 'busy', 'shared']);
});
