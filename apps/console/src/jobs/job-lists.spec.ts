import type { JobSummary } from '@tower/contracts';
import type { JobPages } from '../api/queries';
import { linesOf, withJob } from './job-lists';

const line = (id: string, more: Partial<JobSummary> = {}): JobSummary => ({
  id,
  project_id: 'p',
  job_type: 'still_image',
  workflow: 'anime-still-sd15',
  preset: 'standard',
  priority: 'normal',
  status: 'queued',
  stage: '',
  progress: 0,
  prompt: '',
  prompt_cut: false,
  model_name: '',
  width: 1,
  height: 1,
  frame_count: 1,
  fps: null,
  seed: 1,
  count: 1,
  calibration: false,
  images_complete: 0,
  gpus: [],
  created_at: `2026-01-01T00:00:0${id}.000Z`,
  ended_at: null,
  total_seconds: null,
  error: null,
  ...more,
});
const pages = (...ids: string[][]): JobPages => ({
  pages: ids.map((page, index) => ({
    items: page.map((id) => line(id)),
    ...(index < ids.length - 1 ? { next_cursor: 'more' } : {}),
  })),
  pageParams: ids.map(() => undefined),
});
const ids = (list: JobPages): string[] => linesOf(list).map(({ id }) => id);

describe('a list of jobs after one has changed', () => {
  const queued = { state: 'queued' } as const;

  it('has the changed line in its old place', () => {
    const changed = withJob(pages(['5', '4'], ['2']), line('4', { stage: 'next' }), queued);
    expect([ids(changed), linesOf(changed)[1]?.stage]).toEqual([['5', '4', '2'], 'next']);
  });

  it('has no line that belongs there no more', () => {
    expect(ids(withJob(pages(['5', '4'], ['2']), line('2', { status: 'processing' }), queued))).toEqual(['5', '4']);
  });

  it.each([
    ['6', ['6', '5', '4', '2']],
    ['3', ['5', '4', '3', '2']],
    ['1', ['5', '4', '2', '1']],
  ])('has the new line %s where its age puts it', (id, expected) => {
    expect(ids(withJob(pages(['5', '4'], ['2']), line(id), queued))).toEqual(expected);
  });

  it('leaves a line that is older than what was read to the page that brings it', () => {
    const partly = pages(['5', '4']);
    const [first] = partly.pages;
    const more = { ...partly, pages: first === undefined ? [] : [{ ...first, next_cursor: 'more' }] };
    expect(ids(withJob(more, line('1'), queued))).toEqual(['5', '4']);
  });

  it('takes no line of another project, kind or card', () => {
    for (const filter of [{ project_id: 'q' }, { type: 'full_video' }, { gpu: 'a' }] as const)
      expect(ids(withJob(pages(['2']), line('3'), filter))).toEqual(['2']);
  });
});
