import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gpuConfig } from '@tower/contracts';
import { createTestDatabase, startTestNats, waitFor, SimProcess, type TestNats } from '@tower/testing';
import { FaultBench, shortLimits, story } from '../../harness/fault-bench';
import { RenderingHarness } from '../../harness/rendering-harness';
import { Gpu } from '../cards/card.entity';

/**
 * Cards of which less is heard than usual, and cards that are one. Real: PostgreSQL, NATS, HTTP, simulated cards as
 * processes.
 */

jest.setTimeout(120_000);

let nats: TestNats;
beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());

describe('a card whose WebSocket cannot be had', () => {
  /** Ten minutes become 1.2 s, the hour without a socket 7.2 s. */
  const patience = 0.002;
  let bench: FaultBench;
  let folder: string;
  const mark = (): string => join(folder, 'restarted');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tower-unheard-'));
    const restart_command = [process.execPath, '-e', "require('node:fs').writeFileSync(process.argv[1], '')", mark()];
    bench = await FaultBench.open(
      { natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor },
      { limits: { ...shortLimits, patience }, configs: { rtx3060: { restart_command } } },
    );
    await bench.rendered();
    await bench.small.fault('refuse-upgrade');
  });
  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is left to what it renders, however long that takes after quick work, and says what to check', async () => {
    await bench.small.fault({ kind: 'kernel-tuning', node: 'KSampler', ms: 4_000 });
    expect(story(await bench.rendered({ width: 640, height: 640 }))).toEqual(['rtx3060: rendered']);
    const warned = await waitFor(
      async () => (await bench.gpu(bench.small)).warnings.find((warning) => /WebSocket/.test(warning)),
      { timeoutMs: 30_000, describe: 'the warning' },
    );
    expect(warned).toMatch(/cannot be had \(Unexpected server response: 400\).*Upgrade and Connection/);
  });

  it('is not restarted for a prompt that may only be slow, and is in service again when that is gone', async () => {
    await bench.small.fault('hang@KSampler/2');
    expect(story(await bench.rendered())).toEqual(['rtx3060: hung', 'rx9070xt: rendered after other_gpu']);
    const { detail, health } = await bench.state(bench.small, 'unhealthy', /nothing was heard of it/);
    expect(detail).toMatch(/goes on when that prompt ends, or restart this ComfyUI if it hangs$/);
    expect(health.trouble).toMatchObject({ kind: 'needs_restart', unheard: true, restarted: false });
    await bench.small.kill();
    await bench.small.start();
    await bench.state(bench.small, 'idle');
    expect(existsSync(mark())).toBe(false);
  });
});

describe('one ComfyUI under three names', () => {
  let sim: SimProcess;
  let harness: RenderingHarness;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const database = await createTestDatabase('rendering');
    drop = () => database.drop();
    sim = await new SimProcess('one', 'rtx3060', 0.2).start();
    const named = Object.entries({ literal: '127.0.0.1', name: 'localhost', short: '127.1' });
    harness = await RenderingHarness.on(
      database.url,
      nats.url,
      named.map(([name, host]) => gpuConfig.parse({ name, url: `http://${host}:${sim.port}` })),
    );
  });
  afterAll(async () => {
    await harness.close();
    await sim.close();
    await drop();
  });

  const cards = (): Promise<Gpu[]> => harness.db.manager.find(Gpu, { order: { position: 'ASC' } });
  const queued = async (): Promise<number> => {
    const queue = (await (await fetch(`${sim.url}/queue`)).json()) as {
      queue_running: unknown[];
      queue_pending: unknown[];
    };
    return queue.queue_running.length + queue.queue_pending.length;
  };

  it('gets one prompt at a time, by its first name, and the others say why they take none', async () => {
    const jobs: string[] = [];
    // They wait before the cards are asked for the first time.
    for (let n = 0; n < 3; n++) jobs.push((await harness.request({ auto_quality_check: false, seed: n })).job_id);
    await harness.startLeader();
    let most = 0;
    await waitFor(
      async () => {
        most = Math.max(most, await queued());
        return (await Promise.all(jobs.map((id) => harness.job(id)))).every((job) => job.status === 'completed');
      },
      { timeoutMs: 60_000, describe: 'all jobs to be rendered' },
    );
    expect(most).toBe(1);
    const [literal, name, short] = await cards();
    expect(literal?.state).toBe('idle');
    for (const card of [name, short])
      expect(card).toMatchObject({
        state: 'unhealthy',
        detail: expect.stringMatching(/is the same ComfyUI as literal .*remove one of the two/) as string,
      });
  });

  it('that other people fill promises no end, only the least that the own work takes', async () => {
    const graph = {
      '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
      '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'theirs' } },
    };
    await sim.fault('hang@SaveImage');
    for (let n = 0; n < 40; n++)
      await fetch(`${sim.url}/prompt`, { method: 'POST', body: JSON.stringify({ prompt: graph }) });
    await waitFor(async () => (await cards())[0]?.state === 'shared', {
      timeoutMs: 20_000,
      describe: 'the card to be shared',
    });
    // Answers may be from a look of a quarter of a second ago.
    await sleep(500);
    const { job_id, estimate } = await harness.request({ auto_quality_check: false });
    for (const told of [estimate, (await harness.job(job_id)).estimate]) {
      expect(told).toMatchObject({ remaining_seconds: null, finish_at: null, high: null });
      expect(told.low).toBeGreaterThan(0);
      expect(told.basis).toMatch(
        /^unknown: how long \d+ prompts? that somebody else queued takes? on literal; at least/,
      );
    }
  });
});
