import { heartbeatDeadlineMs, type Heartbeat, topology } from '@tower/contracts';
import { expectedServices, ProcessTable } from './processes';

const start = new Date('2026-11-21T10:00:00.000Z');
const after = (ms: number): Date => new Date(start.getTime() + ms);

const aBeat = (facts: Partial<Heartbeat> = {}): Heartbeat => ({
  service: 'rendering',
  instance: 'one',
  pid: 100,
  version: '0.1.0',
  started_at: start.toISOString(),
  state: 'ready',
  checks: {},
  ...facts,
});

const statesOf = (table: ProcessTable, service: string, now: Date): string[] =>
  table
    .views(now)
    .filter((view) => view.service === service)
    .map((view) => view.state);

describe('ProcessTable', () => {
  it('expects every service there is', () => {
    expect(expectedServices).toEqual(Object.keys(topology));
  });

  it('shows an expected service that was never heard of as down', () => {
    const table = new ProcessTable();
    expect(statesOf(table, 'rendering', start)).toEqual(['down']);
    expect(table.parts(start).rendering).toEqual({ ok: false, detail: 'has not been heard of' });
  });

  it('counts a process as down after the deadline and as back with its next beat', () => {
    const table = new ProcessTable();
    table.observe(aBeat(), start);
    expect(statesOf(table, 'rendering', after(heartbeatDeadlineMs))).toEqual(['ready']);
    expect(statesOf(table, 'rendering', after(heartbeatDeadlineMs + 1))).toEqual(['down']);
    expect(table.parts(after(heartbeatDeadlineMs + 1)).rendering).toEqual({
      ok: false,
      detail: `last heard of at ${start.toISOString()}`,
    });
    table.observe(aBeat(), after(10_000));
    expect(table.parts(after(10_000)).rendering).toEqual({ ok: true, detail: 'ready' });
  });

  it('is content with one ready process of several', () => {
    const table = new ProcessTable();
    table.observe(aBeat({ instance: 'one', state: 'degraded' }), start);
    table.observe(aBeat({ instance: 'two', pid: 101 }), start);
    expect(statesOf(table, 'rendering', start)).toEqual(['degraded', 'ready']);
    expect(table.parts(start).rendering?.ok).toBe(true);
  });

  it('says what needs a person although all works', () => {
    const table = new ProcessTable();
    table.observe(
      aBeat({
        checks: {
          'dead letters': { ok: true, degraded: true, detail: '2 messages' },
          nats: { ok: true, detail: 'connected' },
        },
      }),
      start,
    );
    expect(table.parts(start).rendering).toEqual({
      ok: true,
      degraded: true,
      detail: 'ready; dead letters: 2 messages',
    });
  });

  it('says which check fails', () => {
    const table = new ProcessTable();
    table.observe(
      aBeat({
        state: 'degraded',
        checks: { database: { ok: false, detail: 'no answer' }, nats: { ok: true, detail: 'connected' } },
      }),
      start,
    );
    expect(table.parts(start).rendering).toEqual({ ok: false, detail: 'degraded; database: no answer' });
  });

  it('forgets a process that left on purpose once another took over, and one that crashed a minute later', () => {
    const table = new ProcessTable();
    table.observe(aBeat({ instance: 'old', state: 'stopping' }), start);
    table.observe(aBeat({ instance: 'crashed' }), start);
    table.observe(aBeat({ instance: 'new' }), after(30_000));
    expect(statesOf(table, 'rendering', after(30_000)).sort()).toEqual(['down', 'ready']);
    table.observe(aBeat({ instance: 'new' }), after(60_001));
    expect(statesOf(table, 'rendering', after(60_001))).toEqual(['ready']);
  });

  it('remembers no more processes than there can be, the latest', () => {
    const table = new ProcessTable();
    for (let index = 0; index < 5_000; index++)
      table.observe(aBeat({ service: `service-${index}`, instance: `i-${index}` }), start);
    table.observe(aBeat({ instance: 'last' }), start);
    expect(table.views(start).filter((view) => view.pid === 100)).toHaveLength(200);
    expect(statesOf(table, 'rendering', start)).toEqual(['ready']);
  });

  it('lists what the launcher reports beside the services', () => {
    const table = new ProcessTable();
    table.observe(aBeat({ service: 'postgres', instance: 'p' }), start);
    expect(table.views(after(5_400)).find((view) => view.service === 'postgres')).toMatchObject({
      state: 'ready',
      pid: 100,
      uptime_seconds: 5,
      last_seen_at: start.toISOString(),
    });
    expect(table.parts(start)).not.toHaveProperty('postgres');
  });
});
