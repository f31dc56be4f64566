// Real: processes. What they run is written here: it answers, refuses, dies, or is silent.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PictureRefusal } from '../picture';
import { DecoderDied, DecodingProcesses } from './decoding-processes';

const compiled = join(__dirname, '..', '..', 'dist');
let folder: string;
let script: string;
let processes: DecodingProcesses<{ do: string; waitMs?: number }, { pid: number; bytes: Uint8Array }>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-decoding-'));
  script = join(folder, 'process.cjs');
  writeFileSync(
    script,
    `const { serveDecoding } = require(${JSON.stringify(join(compiled, 'decoding', 'serve-decoding.js'))});
     const { PictureRefusal } = require(${JSON.stringify(join(compiled, 'picture.js'))});
     serveDecoding(async ({ do: what, waitMs = 0 }) => {
       await new Promise((resolve) => setTimeout(resolve, waitMs));
       if (what === 'die') process.kill(process.pid, 'SIGSEGV');
       if (what === 'hang') await new Promise(() => undefined);
       if (what === 'refuse') throw new PictureRefusal('corrupt', 'no picture');
       return { pid: process.pid, bytes: Buffer.from([1, 2, 3]) };
     });`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  processes = new DecodingProcesses({ script, atOnce: 2 });
});
afterEach(() => processes.close());

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/status`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe('decoding processes', () => {
  it('answer with bytes, and go on with the next question', async () => {
    const first = await processes.ask({ do: 'answer' });
    expect([...first.bytes]).toEqual([1, 2, 3]);
    expect((await processes.ask({ do: 'answer' })).pid).toBe(first.pid);
  });

  it('answer many questions without piling up listeners', async () => {
    for (let n = 0; n < 15; n++) await processes.ask({ do: 'answer' });
    const [child, ...others] = [...processes['idle'].keys()];
    expect(others).toEqual([]);
    for (const event of ['exit', 'error', 'message']) expect(child?.listenerCount(event)).toBeLessThanOrEqual(1);
  });

  it('refuse with the refusal that was thrown', async () => {
    await expect(processes.ask({ do: 'refuse' })).rejects.toMatchObject({
      constructor: PictureRefusal,
      reason: 'corrupt',
      message: 'no picture',
    });
  });

  it('die of their own question alone', async () => {
    const neighbour = processes.ask({ do: 'answer', waitMs: 400 });
    await expect(processes.ask({ do: 'die' })).rejects.toThrow(DecoderDied);
    await expect(neighbour).resolves.toMatchObject({ pid: expect.any(Number) as number });
    await expect(processes.ask({ do: 'answer' })).resolves.toBeDefined();
  });

  it('are ended when they are silent for too long', async () => {
    const impatient = new DecodingProcesses<{ do: string }, unknown>({ script, atOnce: 1, timeoutMs: 1_500 });
    await expect(impatient.ask({ do: 'hang' })).rejects.toThrow('no answer within 1.5 s');
    await expect(impatient.ask({ do: 'answer' })).resolves.toBeDefined();
    await impatient.close();
  });

  it('do no more at once than they are', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => processes.ask({ do: 'answer', waitMs: 50 })));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2);
  });

  (process.platform === 'linux' ? it : it.skip)('are gone when they are idle, and when they are closed', async () => {
    const brief = new DecodingProcesses<{ do: string }, { pid: number }>({ script, atOnce: 1, idleMs: 100 });
    const { pid } = await brief.ask({ do: 'answer' });
    for (let n = 0; isAlive(pid) && n < 100; n++) await sleep(50);
    expect(isAlive(pid)).toBe(false);
    const next = await brief.ask({ do: 'answer' });
    await brief.close();
    expect(isAlive(next.pid)).toBe(false);
  });
});
