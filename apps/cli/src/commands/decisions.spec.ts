import type { JobDecision } from '@tower/contracts';
import { describeDecision } from './decisions';

const card = { chosen: false, takes_it: true, reason: null, ready_in: 12.3, penalty_seconds: 0 };
const decision: JobDecision = {
  id: '0190a000-0000-7000-8000-000000000001',
  decided_at: '2026-03-01T12:00:00.000Z',
  planner_version: 1,
  objective: 'flow',
  seed: 1,
  waiting: 7,
  tasks: [
    {
      task_id: '0190a000-0000-7000-8000-000000000002',
      gpu: 'rx9070xt',
      action: 'started',
      reason: 'models_loaded',
      because: null,
      starts_in: 0,
      ready_in: 5.04,
      attempt_id: null,
      cards: [
        { ...card, gpu: 'rx9070xt', chosen: true },
        { ...card, gpu: 'rtx3060', penalty_seconds: 3, reason: 'rtx3060 was at work' },
        { ...card, gpu: 'c', ready_in: null, reason: 'c was not free, and nobody knew how long it takes' },
        { ...card, gpu: 'd', takes_it: false, reason: 'd lacks the node X', ready_in: null, penalty_seconds: null },
      ],
    },
  ],
  replay: 'same',
  differences: [],
};

it('prints the card that was chosen, what each other one made of it, and whether it would be so again', () => {
  expect(describeDecision(decision)).toEqual([
    '2026-03-01T12:00:00.000Z  of 7 that waited; planner 1, would decide the same again',
    '  task 0190a000-0000-7000-8000-000000000002 started on rx9070xt, ready after 5 s: its models were loaded there',
    '    rtx3060: ready after 12 s, and 3 s counted on top; rtx3060 was at work',
    '    c: nobody knew when it would be ready there; c was not free, and nobody knew how long it takes',
    '    d: d lacks the node X',
  ]);
});

it('says of a task that was taken back why, and what would be otherwise now', () => {
  const action = 'taken_back' as const;
  const more = { action, because: 'job j goes first', starts_in: 3.2, cards: [] };
  const tasks = decision.tasks.map((task) => ({ ...task, ...more }));
  const changed = { ...decision, tasks, replay: 'differs' as const, differences: ['task t goes on b instead of a'] };
  expect(describeDecision(changed)).toEqual([
    '2026-03-01T12:00:00.000Z  of 7 that waited; planner 1, would decide otherwise now',
    '  task 0190a000-0000-7000-8000-000000000002 was taken back, for rx9070xt in 3 s, ready after 5 s: ' +
      'its models were loaded there',
    '    taken back because job j goes first',
    '  now: task t goes on b instead of a',
  ]);
});
