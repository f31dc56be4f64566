import { loadedSince, utilisationOf, type PastAttempt } from './utilisation';

const now = new Date('2026-12-01T12:00:00Z');
/** So many seconds before now. */
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const attempt = (from: number, to: number | null, more: Partial<PastAttempt> = {}): PastAttempt => ({
  dispatchedAt: ago(from),
  endedAt: to === null ? null : ago(to),
  waitedSince: ago(from),
  modelName: 'anime.safetensors',
  estimate: null,
  seconds: null,
  missing: [],
  ...more,
});
const used = (...attempts: PastAttempt[]) => utilisationOf(attempts, now);

describe('how a card was used in the last hour', () => {
  it('is nothing where it had nothing', () => {
    expect(used()).toMatchObject({ attempts: 0, busy_share: 0, idle_with_work_seconds: 0, model_swaps: 0 });
  });

  it.each([
    ['half of it', [attempt(3_600, 1_800)], 0.5],
    ['what runs counts until now', [attempt(360, null)], 0.1],
    ['of what began before, the part within', [attempt(7_200, 3_240)], 0.1],
    ['of two at once, the time once', [attempt(720, 360), attempt(540, 180)], 0.15],
    ['of one within another, nothing', [attempt(720, 0), attempt(540, 180)], 0.2],
    ['nothing of what ended before', [attempt(7_200, 3_700)], 0],
  ])('busy: %s', (_, attempts, share) => {
    expect(utilisationOf(attempts, now).busy_share).toBeCloseTo(share, 4);
  });

  it.each([
    ['from the end before', [attempt(100, 80), attempt(70, 60, { waitedSince: ago(90) })], 10],
    ['from the moment the task came', [attempt(100, 80), attempt(70, 60, { waitedSince: ago(75) })], 5],
    ['not before the hour', [attempt(3_500, 3_400, { waitedSince: ago(9_000) })], 100],
    ['not of tasks that were tried before', [attempt(100, 80), attempt(70, 60, { waitedSince: null })], 0],
    ['not while something ran', [attempt(100, 50), attempt(70, 60, { waitedSince: ago(90) })], 0],
  ])('idle with work: %s', (_, attempts, seconds) => {
    expect(utilisationOf(attempts, now).idle_with_work_seconds).toBe(seconds);
  });

  it('counts the changes of checkpoints, spelt one way or another', () => {
    const of = (seconds: number, modelName: string) => attempt(seconds, seconds - 5, { modelName });
    expect(used(of(4_000, 'a.ckpt'), of(90, 'b.ckpt'), of(80, 'x/b.ckpt'), of(70, 'x\\b.ckpt'))).toMatchObject({
      attempts: 3,
      model_swaps: 2,
      model_swaps_unknown: null,
    });
  });

  it('says that it does not know where a workflow names none', () => {
    expect(used(attempt(90, 80), attempt(70, 60, { modelName: '' }))).toMatchObject({
      model_swaps: null,
      model_swaps_unknown: expect.stringContaining('name no checkpoint') as string,
    });
  });

  it('tells how near the estimates were of what ended within it', () => {
    const estimate = { seconds: 10, low: 9, high: 12 };
    const told = (from: number, seconds: number | null) => attempt(from, from - 5, { estimate, seconds });
    const { estimates } = used(told(7_200, 10), told(90, 10), told(80, 12.5), told(70, 40), told(60, null));
    expect(estimates).toEqual({ judged: 3, within_fifth: 2, in_interval: 1, median_error: 0.2 });
    expect(used(attempt(30, null, { estimate, seconds: 10 })).estimates).toMatchObject({
      judged: 0,
      median_error: null,
    });
  });
});

it('knows since when a file is in memory from the last attempt that had to load it', () => {
  const since = loadedSince([
    attempt(90, 80, { missing: ['vae/a', 'loras/b'] }),
    attempt(70, 60, { missing: ['loras/b'] }),
    attempt(50, 40),
  ]);
  expect([...since]).toEqual([
    ['vae/a', ago(90)],
    ['loras/b', ago(70)],
  ]);
});
