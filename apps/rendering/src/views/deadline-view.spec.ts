import type { JobState } from '@tower/contracts';
import { deadlineOutlook } from './deadline-view';

const now = new Date('2026-03-01T12:00:00Z');
const inSeconds = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const waiting = { state: 'queued' as const, endedAt: null };

describe('how a deadline stands', () => {
  it.each([
    [30, { low: 10, p80: 30 }, 'likely'],
    [29, { low: 10, p80: 30 }, 'possible'],
    [9, { low: 10, p80: 30 }, 'unlikely'],
    [9, { low: null, p80: null }, 'unknown'],
    // The least is known although the end is not.
    [9, { low: 10, p80: null }, 'unlikely'],
    [-1, { low: 10, p80: 30 }, 'missed'],
  ])('%d s before it, with %j, is %s', (seconds, estimate, outlook) => {
    expect(deadlineOutlook({ ...waiting, deadlineAt: inSeconds(seconds) }, estimate, now)).toBe(outlook);
  });

  it.each<[JobState, number, string | null]>([
    ['completed', -1, 'kept'],
    ['completed', 0, 'kept'],
    ['completed', 1, 'missed'],
    ['failed', -1, 'missed'],
    ['rejected', -1, 'missed'],
    ['cancelled', -1, null],
  ])('of a job that ended as %s %d s after it is %s', (state, after, outlook) => {
    const job = { state, deadlineAt: now, endedAt: inSeconds(after) };
    expect(deadlineOutlook(job, { low: 0, p80: 0 }, inSeconds(100))).toBe(outlook);
  });

  it('is nothing without one', () => {
    expect(deadlineOutlook({ ...waiting, deadlineAt: null }, { low: 1, p80: 1 }, now)).toBeNull();
  });
});
