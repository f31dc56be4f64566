import {
  afterFailedProbe,
  afterFault,
  healthy,
  isProbeDue,
  sentenceOf,
  type CardFault,
  type CardHealth,
} from './health-policy';

const now = new Date('2026-01-01T00:00:00Z');
const later = (ms: number): Date => new Date(now.getTime() + ms);
const fault = (kind: CardFault['kind'], disobeyed = false): CardFault => ({
  kind,
  reason: `it ${kind}`,
  promptId: 'p',
  disobeyed,
});
const after = (...kinds: CardFault['kind'][]): CardHealth =>
  kinds.reduce((health, kind) => afterFault(health, fault(kind), now, 30_000), healthy);

it('rests after three faults of its own in a row, and says until when', () => {
  expect(after('hung', 'network').trouble).toBeNull();
  const { trouble } = after('hung', 'network', 'process_gone');
  expect(trouble).toMatchObject({ kind: 'quarantined', probeAt: later(30_000).toISOString() });
  expect(trouble && sentenceOf(trouble)).toMatch(/process_gone.*tried again at 2026/);
});

it('is not blamed for what the request did', () => {
  expect(
    after(
      'out_of_memory',
      'invalid',
      'missing_model',
      'interrupted',
      'node_failed',
      'no_face',
      'black_output',
      'not_taken',
    ),
  ).toEqual(healthy);
});

it('rests at once when its disk is full', () => {
  expect(after('disk_full').trouble?.kind).toBe('quarantined');
});

it.each<[CardFault, string]>([
  [fault('poisoned'), 'history'],
  [fault('zombie'), 'queue'],
  [fault('hung', true), 'queue'],
])('waits for a restart after %j, which its %s will show', (broken, place) => {
  const health = afterFault(healthy, broken, now, 30_000);
  expect(health.trouble).toMatchObject({ kind: 'needs_restart', evidence: { promptId: 'p', place }, restarted: false });
  expect(health.trouble && sentenceOf(health.trouble)).toMatch(/restart this ComfyUI$/);
  expect(afterFault(health, fault('hung'), now, 30_000)).toBe(health);
});

it('is not restarted for what could not be heard, and goes on when the prompt is gone', () => {
  const { trouble } = afterFault(healthy, { ...fault('hung', true), unheard: true }, now, 30_000);
  expect(trouble).toMatchObject({ kind: 'needs_restart', unheard: true, evidence: { promptId: 'p', place: 'queue' } });
  expect(trouble && sentenceOf(trouble)).toBe(
    'it hung; it goes on when that prompt ends, or restart this ComfyUI if it hangs',
  );
});

it('rests no longer than its pause when the clock is set back, and is tried at once when it is set forward', () => {
  const health = after('hung', 'hung', 'hung');
  const due = [later(1), later(-1), later(-3_600_000), later(3_600_000)].map((at) => isProbeDue(health, at));
  expect(due).toEqual([false, true, true, true]);
});

it('is tried after the pause, and rests twice as long after each try that fails, ten minutes at most', () => {
  let health = after('hung', 'hung', 'hung');
  expect([isProbeDue(health, later(29_999)), isProbeDue(health, later(30_000)), isProbeDue(healthy, now)]).toEqual([
    false,
    true,
    false,
  ]);
  const pauses = Array.from({ length: 6 }, () => (health = afterFailedProbe(health, now, 600_000)).trouble?.pauseMs);
  expect(pauses).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
});
