import { isOver, type JobState, type TaskState } from '@tower/contracts';
import * as fc from 'fast-check';
import {
  attemptStatesBefore,
  isTaskOver,
  jobStateOf,
  jobStatesBefore,
  nextAttemptStates,
  nextJobStates,
  nextTaskStates,
  taskStatesBefore,
} from './states';

const jobStates = Object.keys(nextJobStates) as JobState[];
const taskStates = Object.keys(nextTaskStates) as TaskState[];

describe('the move tables', () => {
  it.each([
    ['job', nextJobStates, jobStatesBefore as (to: string) => string[]],
    ['task', nextTaskStates, taskStatesBefore as (to: string) => string[]],
    ['attempt', nextAttemptStates, attemptStatesBefore as (to: string) => string[]],
  ])('reads the %s table backwards for every pair of states', (_name, table, before) => {
    const states = Object.keys(table);
    for (const from of states)
      for (const to of states)
        expect(before(to).includes(from)).toBe((table as Record<string, readonly string[]>)[from]?.includes(to));
  });

  it('lets nothing leave a terminal state', () => {
    for (const state of jobStates) expect(nextJobStates[state].length === 0).toBe(isOver(state));
    expect(jobStates.filter(isOver)).toEqual(['completed', 'rejected', 'failed', 'timeout', 'cancelled']);
    expect(taskStates.filter(isTaskOver)).toEqual(['done', 'rejected', 'failed', 'timeout', 'cancelled']);
  });

  it('lets every open state be cancelled', () => {
    for (const state of jobStates) if (!isOver(state)) expect(nextJobStates[state]).toContain('cancelled');
    for (const state of taskStates) if (!isTaskOver(state)) expect(nextTaskStates[state]).toContain('cancelled');
  });
});

describe('jobStateOf', () => {
  it.each<[TaskState[], boolean, JobState]>([
    [['queued'], false, 'queued'],
    [['queued', 'queued'], false, 'queued'],
    [['rendering', 'queued'], true, 'processing'],
    [['rendering', 'failed'], true, 'processing'],
    [['checking'], true, 'quality_check'],
    [['checking', 'done'], true, 'quality_check'],
    [['checking', 'queued'], true, 'processing'],
    [['done', 'queued'], true, 'processing'],
    [['queued'], true, 'queued'],
    [['done', 'done'], true, 'completed'],
    [['done', 'rejected'], true, 'rejected'],
    [['rejected', 'timeout'], true, 'timeout'],
    [['done', 'failed', 'rejected'], true, 'failed'],
    [['done', 'cancelled'], true, 'cancelled'],
  ])('makes of tasks %j (started: %s) the job state %s', (tasks, started, state) => {
    expect(jobStateOf(tasks, started)).toBe(state);
  });

  it('is terminal exactly when all tasks are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...taskStates), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (tasks, started) => isOver(jobStateOf(tasks, started)) === tasks.every(isTaskOver),
      ),
    );
  });

  it('never asks for a move that the table forbids, whatever one task does next', () => {
    // Walks legal task moves from the start and checks each job move that follows.
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.tuple(fc.nat(3), fc.nat(10)), { maxLength: 40 }),
        (count, steps) => {
          const tasks: TaskState[] = Array.from({ length: count }, () => 'queued');
          let job: JobState = 'queued';
          let started = false;
          for (const [which, choice] of steps) {
            const index = which % count;
            const next = nextTaskStates[tasks[index] ?? 'done'];
            if (next.length === 0) continue;
            tasks[index] = next[choice % next.length] ?? 'done';
            const to = jobStateOf(tasks, started);
            if (to !== job) expect(nextJobStates[job]).toContain(to);
            job = to;
            if (to === 'processing') started = true;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
