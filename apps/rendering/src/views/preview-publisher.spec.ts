import type { BusConnection } from '@tower/bus';
import { maxPreviewBytes, previewView, type PreviewView } from '@tower/contracts';
import { Metrics, newId } from '@tower/kit';
import { RenderingMetrics } from '../rendering.metrics';
import { previewEveryMs, PreviewPublisher, type CardPreview } from './preview-publisher';

let said: { subject: string; preview: PreviewView }[];
let metrics: Metrics;
let publisher: PreviewPublisher;

beforeEach(() => {
  jest.useFakeTimers();
  said = [];
  isLive = true;
  metrics = new Metrics('rendering');
  const publishHint = (subject: string, value: unknown): void => {
    said.push({ subject, preview: previewView.parse(value) });
  };
  publisher = new PreviewPublisher({ publishHint } as unknown as BusConnection, new RenderingMetrics(metrics));
});
afterEach(() => {
  publisher.onApplicationShutdown();
  jest.useRealTimers();
});

const jobId = newId();
const aPreview = (step: number, facts: Partial<CardPreview> = {}): CardPreview => ({
  job_id: jobId,
  attempt_id: jobId,
  gpu: 'rtx3060',
  step,
  total_steps: 20,
  media_type: 'image/jpeg',
  image: Buffer.from([0xff, 0xd8, 0xff, step]),
  ...facts,
});
let isLive: boolean;
const show = (preview: CardPreview): void => publisher.take(preview, () => isLive);
const steps = (): (number | null)[] => said.map(({ preview }) => preview.step);

describe('previews', () => {
  it('are said of their job, with the picture as it came', () => {
    show(aPreview(1));
    expect(said).toEqual([
      { subject: `preview.rendering.v1.${jobId}`, preview: { ...aPreview(1), image: '/9j/AQ==' } },
    ]);
  });

  it('come at a steady pace from each card, the newest of those that came meanwhile', async () => {
    for (const step of [1, 2, 3]) show(aPreview(step));
    show(aPreview(9, { gpu: 'rx9070xt' }));
    expect(steps()).toEqual([1, 9]);
    jest.advanceTimersByTime(previewEveryMs);
    expect(steps()).toEqual([1, 9, 3]);
    show(aPreview(4));
    jest.advanceTimersByTime(previewEveryMs - 1);
    expect(steps()).toEqual([1, 9, 3]);
    jest.advanceTimersByTime(1);
    expect(steps()).toEqual([1, 9, 3, 4]);
    jest.advanceTimersByTime(10 * previewEveryMs);
    show(aPreview(5));
    expect(steps()).toEqual([1, 9, 3, 4, 5]);
    expect(await metrics.registry.metrics()).toMatch(
      /previews_dropped_total\{gpu="rtx3060",reason="overtaken".*\} 1\n/,
    );
  });

  it('of an attempt that is over are not said any more', () => {
    show(aPreview(1));
    show(aPreview(2));
    isLive = false;
    jest.advanceTimersByTime(10 * previewEveryMs);
    expect(steps()).toEqual([1]);
  });

  it('that are too large are not said', () => {
    show(aPreview(1, { image: Buffer.alloc(maxPreviewBytes + 1) }));
    show(aPreview(2, { image: Buffer.alloc(maxPreviewBytes) }));
    expect(steps()).toEqual([2]);
  });

  it('keep no process from ending', () => {
    show(aPreview(1));
    show(aPreview(2));
    publisher.onApplicationShutdown();
    jest.advanceTimersByTime(10 * previewEveryMs);
    expect(steps()).toEqual([1]);
  });
});
