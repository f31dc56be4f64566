import type { JobSummary } from '@tower/contracts';
import { aboveInLine, inOrder, startsIn } from './queue-order';

const job = (id: string, more: Partial<JobSummary> = {}): JobSummary =>
  ({ id, status: 'queued', priority: 'normal', created_at: `2026-01-0${id}`, ...more }) as JobSummary;
const ids = (jobs: readonly JobSummary[]): string => jobs.map(({ id }) => id).join('');

const planned = (...tasks: [job_id: string, start_in_seconds: number][]) => ({
  next: tasks.map(([job_id, start_in_seconds]) => ({ job_id, start_in_seconds })) as never[],
});

it('shows what is at work, then the plan, then the rest by priority and age', () => {
  const jobs = [
    job('5', { status: 'quality_check' }),
    job('4'),
    job('3', { priority: 'urgent' }),
    job('2'),
    job('1', { status: 'processing' }),
    job('6'),
  ];
  expect(ids(inOrder(jobs, new Map([['6', 3]])))).toBe('156324');
  expect(ids(inOrder(jobs, new Map()))).toBe('153246');
});

it('takes the earliest begin of a job that several cards have', () => {
  expect([...startsIn([planned(['a', 9], ['b', 4]), planned(['a', 2])])]).toEqual([
    ['a', 2],
    ['b', 4],
  ]);
});

it('offers a place before the one above only within a priority, and only where both wait', () => {
  const jobs = [job('1', { status: 'processing' }), job('2', { priority: 'high' }), job('3'), job('4')];
  expect(jobs.map((_, index) => aboveInLine(jobs, index)?.id)).toEqual([undefined, undefined, undefined, '3']);
});
