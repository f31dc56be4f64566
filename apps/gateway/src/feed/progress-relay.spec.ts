import type { ProgressView } from '@tower/contracts';
import { progressIntervalMs, ProgressRelay } from './progress-relay';

const aProgress = (job_id: string, progress: number): ProgressView => ({
  job_id,
  status: 'processing',
  stage: 'Sampling',
  progress,
  step: null,
  total_steps: null,
  images_complete: 0,
  images_total: 1,
  frames_complete: null,
  frames_total: null,
  gpu: null,
  gpus: [],
  gpu_queue_position: null,
  estimate: {
    start_at: null,
    finish_at: null,
    remaining_seconds: null,
    low: null,
    high: null,
    p80: null,
    confidence: null,
    basis: '',
  },
});

describe('ProgressRelay', () => {
  let told: [string, number][];
  let relay: ProgressRelay;

  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    relay = new ProgressRelay((progress) => told.push([progress.job_id, progress.progress]));
  });
  afterEach(() => {
    relay.stop();
    jest.useRealTimers();
  });

  it('passes the first on at once and then only the latest, ten times a second', () => {
    for (let progress = 1; progress <= 50; progress++) relay.take(aProgress('a', progress));
    expect(told).toEqual([['a', 1]]);
    jest.advanceTimersByTime(progressIntervalMs);
    expect(told).toEqual([
      ['a', 1],
      ['a', 50],
    ]);
    relay.take(aProgress('a', 51));
    jest.advanceTimersByTime(progressIntervalMs);
    expect(told.at(-1)).toEqual(['a', 51]);
    expect(told).toHaveLength(3);
  });

  it('keeps jobs apart and remembers nothing of a job that has gone quiet', () => {
    relay.take(aProgress('a', 1));
    relay.take(aProgress('b', 1));
    expect(told).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    jest.advanceTimersByTime(10 * progressIntervalMs);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('lets no progress come after a state event that it is older than', () => {
    relay.take(aProgress('a', 1));
    relay.take(aProgress('a', 2));
    relay.flush('a');
    told.push(['event', 0]);
    jest.advanceTimersByTime(10 * progressIntervalMs);
    expect(told).toEqual([
      ['a', 1],
      ['a', 2],
      ['event', 0],
    ]);
  });
});
