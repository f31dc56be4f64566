import { standingOf, type QueueShares } from './card-standing';

const nothing: QueueShares = { ours: 0, foreign: 0, stray: undefined, liveJob: undefined, trouble: null };
const stray = { promptId: 'p', gpu: 'other', jobId: 'job-2' };

it.each<[string, Partial<QueueShares>, string, string]>([
  ['an empty queue', {}, 'idle', 'idle'],
  ['our prompt and its attempt', { ours: 1, liveJob: 'job-1' }, 'busy', 'renders job job-1'],
  ['the same on a card in trouble', { ours: 1, liveJob: 'job-1', trouble: 'broken' }, 'busy', 'renders job job-1'],
  ['an attempt that is just being sent', { liveJob: 'job-1' }, 'idle', 'idle'],
  ['trouble', { trouble: 'broken' }, 'unhealthy', 'broken'],
  ['trouble and others', { trouble: 'broken', foreign: 2 }, 'unhealthy', 'broken'],
  ['a prompt of another card', { stray, ours: 1 }, 'busy', 'has the prompt of job job-2 that was sent to other'],
  ['a prompt that no attempt stands for', { ours: 1 }, 'busy', 'stops a prompt that was given up'],
  ['the same beside others', { ours: 1, foreign: 1 }, 'busy', 'stops a prompt that was given up'],
])('says of %s', (_, shares, state, detail) => {
  expect(standingOf({ ...nothing, ...shares })).toEqual({ foreignPrompts: shares.foreign ?? 0, state, detail });
});

it('says how many prompts of others a card is busy with', () => {
  expect(standingOf({ ...nothing, foreign: 2 })).toMatchObject({
    foreignPrompts: 2,
    state: 'shared',
    detail: expect.stringContaining('2 '),
  });
});
