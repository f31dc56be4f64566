import { isOver, jobState, priority } from '@tower/contracts';
import { jobStates, priorities } from './job-states';

it.each(jobState.options)('has ended for the page exactly when it has for the interface: %s', (state) => {
  expect(jobStates[state].isOver).toBe(isOver(state));
});

it('offers every priority', () => {
  expect(priorities).toEqual(priority.options);
});
