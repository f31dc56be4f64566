import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, systemClock, type Logger } from '@tower/kit';
import pino from 'pino';
import type { Part, PartExit, RunningPart } from './part';
import { Supervisor } from './supervisor';

/** A part that the test ends by hand. Its process id is the test's own, so that it can be observed. */
class FakePart implements Part {
  readonly name = 'fake';
  readonly rank = 'service';
  readonly version = '1';
  readonly hasHeartbeat = true;
  readonly started: { end: (exit: PartExit) => void; stopped: boolean }[] = [];
  failure: unknown;
  delay: Promise<void> = Promise.resolve();

  async start(): Promise<RunningPart> {
    await this.delay;
    if (this.failure !== undefined) throw this.failure;
    let end: (exit: PartExit) => void = () => undefined;
    const exited = new Promise<PartExit>((resolve) => (end = resolve));
    const start = { end, stopped: false };
    this.started.push(start);
    const stop = (): Promise<void> => {
      start.stopped = true;
      end({ code: 0, signal: null });
      return Promise.resolve();
    };
    return {
      pid: process.pid,
      ready: Promise.resolve(),
      exited,
      stop,
      kill: () => end({ code: null, signal: 'SIGKILL' }),
    };
  }
}

const eventually = async (condition: () => boolean): Promise<void> => {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('Supervisor', () => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tower-supervisor-'));
  const lines: { level: number; msg: string }[] = [];
  const logger: Logger = pino(
    { level: 'debug' },
    { write: (line: string) => void lines.push(JSON.parse(line) as { level: number; msg: string }) },
  );
  const supervise = (part: Part): Supervisor => new Supervisor(part, { runDirectory, logger, clock: systemClock });

  beforeEach(() => lines.splice(0));
  afterAll(() => rmSync(runDirectory, { recursive: true }));

  it('starts a part again that ended, says so, and leaves no record of the dead process', async () => {
    const part = new FakePart();
    const supervisor = supervise(part);
    await supervisor.start();
    expect(readdirSync(runDirectory)).toEqual(['fake.json']);

    const first = supervisor.incarnation()?.instance;
    part.started[0]?.end({ code: null, signal: 'SIGKILL' });
    await eventually(() => part.started.length === 2 && supervisor.incarnation() !== undefined);
    expect(supervisor.incarnation()?.instance).not.toBe(first);
    expect(supervisor.describe()).toBe('runs, started again 1 times (last end: signal SIGKILL)');
    expect(lines.map((line) => line.msg)).toContain('fake ended (signal SIGKILL); starting it again in 250 ms');

    await supervisor.stop();
    expect(part.started[1]?.stopped).toBe(true);
    expect(readdirSync(runDirectory)).toEqual([]);
    expect(part.started).toHaveLength(2);
  });

  it('throws what keeps a part from starting the first time', async () => {
    const part = new FakePart();
    part.failure = new AppError('unavailable', 'no_binary', 'nothing to run');
    await expect(supervise(part).start()).rejects.toMatchObject({ code: 'no_binary' });
  });

  it('keeps trying when a later start throws', async () => {
    const part = new FakePart();
    const supervisor = supervise(part);
    await supervisor.start();
    part.failure = new AppError('conflict', 'port_in_use', 'taken');
    part.started[0]?.end({ code: 1, signal: null });
    await eventually(() => lines.some((line) => line.msg.includes('starting fake: port_in_use: taken')));
    part.failure = undefined;
    await eventually(() => part.started.length === 2);
    await supervisor.stop();
  });

  it('stops a part whose start was still under way', async () => {
    const part = new FakePart();
    let go: () => void = () => undefined;
    part.delay = new Promise((resolve) => (go = resolve));
    const supervisor = supervise(part);
    const starting = supervisor.start();
    const stopping = supervisor.stop();
    go();
    await expect(starting).rejects.toThrow('fake was stopped');
    await stopping;
    expect(part.started).toMatchObject([{ stopped: true }]);
    expect(supervisor.incarnation()).toBeUndefined();
  });

  it('does not start a part again that is being stopped or killed', async () => {
    const part = new FakePart();
    const supervisor = supervise(part);
    await supervisor.start();
    supervisor.kill();
    await supervisor.stop();
    expect(part.started).toHaveLength(1);
  });
});
