import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNodeProgram } from './node-part';

describe('startNodeProgram', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-node-part-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const program = (source: string, stopMs = 5_000) => {
    const script = join(folder, `${Math.random()}.js`);
    writeFileSync(script, source);
    const lines: string[] = [];
    return {
      lines,
      start: () =>
        startNodeProgram({
          script,
          cwd: folder,
          env: { PATH: process.env['PATH'] },
          stopMs,
          onLine: (stream, line) => lines.push(`${stream} ${line}`),
        }),
    };
  };

  it('is ready when the program says so, hands on what it writes, and tells how it ended', async () => {
    const { lines, start } = program(
      "console.log('one'); console.error('two'); process.send({ type: 'ready' }); process.on('message', () => " +
        '{}); setTimeout(() => process.exit(3), 150)',
    );
    const running = await start();
    await running.ready;
    expect(await running.exited).toEqual({ code: 3, signal: null });
    expect(lines.sort()).toEqual(['stderr two', 'stdout one']);
  });

  it('stops politely, and kills what does not listen', async () => {
    const polite = await program(
      "process.on('SIGTERM', () => process.exit(0)); process.send({ type: 'ready' }); setInterval(() => {}, 1000)",
    ).start();
    await polite.ready;
    await polite.stop();
    expect(await polite.exited).toEqual({ code: 0, signal: null });

    const deaf = await program(
      "process.on('SIGTERM', () => {}); process.send({ type: 'ready' }); setInterval(() => {}, 1000)",
      100,
    ).start();
    await deaf.ready;
    await deaf.stop();
    expect(await deaf.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('leaves nothing of its own children behind when it ends', async () => {
    const { lines, start } = program(
      "const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); " +
        "console.log(c.pid); process.send({ type: 'ready' }); setInterval(() => {}, 1000)",
    );
    const running = await start();
    await running.ready;
    running.kill();
    await running.exited;
    const grandchild = Number(lines[0]?.split(' ')[1]);
    await expect(untilGone(grandchild)).resolves.toBeUndefined();
  });
});

async function untilGone(pid: number): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (performance.now() < deadline) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`process ${pid} still runs`);
}
