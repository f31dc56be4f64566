import { formatLogLine, isAtLeast, toLogLine } from './log-line';

const now = new Date('2026-11-21T10:20:30.400Z');

describe('toLogLine', () => {
  it('keeps what pino wrote', () => {
    expect(
      toLogLine(
        'projects',
        'stdout',
        '{"level":"info","time":"2026-11-21T01:02:03.000Z","service":"projects","pid":7,"msg":"ready","opsPort":1}',
        now,
      ),
    ).toMatchObject({ level: 'info', service: 'projects', msg: 'ready', opsPort: 1 });
  });

  it.each(['plain words', '{"half": ', '{"no":"level"}', '{}'])(
    'takes %j as text, which on stderr is a warning',
    (text) => {
      expect(toLogLine('quality', 'stderr', text, now)).toEqual({
        level: 'warn',
        time: now.toISOString(),
        service: 'quality',
        msg: text,
        stream: 'stderr',
      });
      expect(toLogLine('quality', 'stdout', text, now)).toMatchObject({ level: 'info', msg: text });
    },
  );
});

describe('isAtLeast', () => {
  it('orders the levels, shows what it does not know, and hides everything at silent', () => {
    expect([
      isAtLeast('warn', 'warn'),
      isAtLeast('info', 'warn'),
      isAtLeast('strange', 'warn'),
      isAtLeast('fatal', 'silent'),
    ]).toEqual([true, false, true, false]);
  });
});

describe('formatLogLine', () => {
  const line = {
    level: 'warn',
    time: '2026-11-21T01:02:03.000Z',
    service: 'rendering',
    msg: 'attempt lost',
    pid: 12,
    gpu: 'rtx3060',
    taken: { a: 1 },
  };

  it('shows time, level, service, message and fields, without what the columns say already', () => {
    expect(formatLogLine(line, { colour: false })).toMatch(
      /^\d\d:\d\d:\d\d WARN {2}rendering {3}attempt lost gpu=rtx3060 taken=\{"a":1\}$/,
    );
  });

  it('adds the message of an error, and its stack only where somebody must act', () => {
    const err = {
      type: 'Error',
      message: 'no such table',
      stack: 'Error: no such table\n    at one (a.js:1)\n    at two (b.js:2)',
    };
    expect(formatLogLine({ ...line, err }, { colour: false })).toContain('no such table');
    expect(formatLogLine({ ...line, err }, { colour: false })).not.toContain('at one');
    expect(formatLogLine({ ...line, level: 'error', err }, { colour: false })).toContain(
      '    at one (a.js:1)\n    at two',
    );
  });

  it('cuts long values', () => {
    expect(formatLogLine({ ...line, graph: 'x'.repeat(5_000) }, { colour: false }).length).toBeLessThan(400);
  });
});
