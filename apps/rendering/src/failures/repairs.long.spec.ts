import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelAcceptance, ModelStore } from '@tower/models';
import {
  createTestDatabase,
  FileServer,
  safetensors,
  startTestNats,
  waitFor,
  wholeFile,
  type TestNats,
} from '@tower/testing';
import { FaultBench, story, type BenchOptions } from '../../harness/fault-bench';
import { GpuRestart } from '../cards/health/restart.entity';

/**
 * What Tower mends itself: servers by their restart command, models by a download, memory by changing the plan. Real:
 * PostgreSQL, NATS, HTTP, two simulated cards as processes.
 */

let nats: TestNats;
let bench: FaultBench;
let folder: string;

beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-repairs-'));
});
afterEach(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = async (options: BenchOptions = {}): Promise<FaultBench> =>
  (bench = await FaultBench.open(
    { natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor },
    options,
  ));

describe('a restart command', () => {
  /** Leaves a mark, as a service manager would take an order; the spec then restarts the server. */
  const marking = (mark: string): string[] => [
    process.execPath,
    '-e',
    "require('node:fs').writeFileSync(process.argv[1], ''); console.log('token=abc123')",
    mark,
  ];

  it('is run once after a hang that no interrupt ends, is recorded, and puts the card back into service', async () => {
    const mark = join(folder, 'restart');
    const { small, harness } = await open({ configs: { rtx3060: { restart_command: marking(mark) } } });
    await bench.rendered();
    await small.fault('hang@KSampler/2');
    expect(story(await bench.rendered())).toEqual(['rtx3060: hung', 'rx9070xt: rendered after other_gpu']);
    await waitFor(() => existsSync(mark), { timeoutMs: 20_000, describe: 'the restart command to run' });
    await small.kill();
    await small.start();
    await bench.state(small, 'idle');
    const runs = await waitFor(
      async () => (await harness.db.manager.find(GpuRestart)).filter((run) => run.exitCode === 0),
      { timeoutMs: 10_000 },
    );
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({
      gpu: 'rtx3060',
      because: expect.stringContaining('does not obey') as string,
      output: 'token=[redacted]',
    });
  });
});

describe('a missing model', () => {
  it('is downloaded to the card, and the task goes on when it is there', async () => {
    const server = await FileServer.start(safetensors(5_000));
    try {
      const model = {
        name: 'anime_sd15.safetensors',
        folder: 'checkpoints',
        url: `${server.origin}/a.safetensors`,
        source: 'a page',
        sha256: server.sha256,
        bytes: server.content.length,
        licence: 'MIT',
        needs_acceptance: false,
      };
      const { small, big } = await open({
        models: new ModelStore([model], new ModelAcceptance([]), { spareBytes: 0, firstBackoffMs: 1 }),
        configs: { rtx3060: { models_folder: folder }, rx9070xt: { models_folder: folder } },
      });
      await Promise.all(
        [small, big].map((card) => card.fault({ kind: 'missing-model', node: 'anime_sd15.safetensors' })),
      );
      // The cards list the file from the moment it can be there; later, the task could come back to them too early.
      server.answer((request, response, file) => {
        void Promise.all([small, big].map((card) => card.clearFaults())).then(() => wholeFile(request, response, file));
      });
      const id = await bench.request({ model_name: 'anime_sd15.safetensors' });
      await waitFor(() => existsSync(join(folder, 'checkpoints', 'anime_sd15.safetensors')), {
        timeoutMs: 45_000,
        describe: 'the download',
      });
      const job = await bench.ended(id);
      expect(job.status).toBe('completed');
      expect(job.tasks[0]?.recovery.map((step) => step.step)).toEqual(['other_gpu', 'download_model']);
    } finally {
      await server.stop();
    }
  });
});

describe('memory that runs out', () => {
  it('walks the ladder on the small card, step by step, and teaches to keep such jobs off it', async () => {
    const { small, harness } = await open();
    await small.fault({ kind: 'oom', node: 'KSampler', times: 50 });
    const job = await bench.rendered({ width: 768, height: 768 });
    expect(job.status).toBe('completed');
    expect(story(job)).toEqual([
      'rtx3060: out_of_memory',
      'rtx3060: out_of_memory after free_models',
      'rtx3060: out_of_memory after tiled_vae',
      'rx9070xt: rendered after other_gpu',
    ]);
    const [task] = job.tasks;
    expect(task?.recovery.map(({ step, because, gpu, after_attempt }) => [step, because, gpu, after_attempt])).toEqual([
      ['free_models', 'out_of_memory', 'rtx3060', 1],
      ['tiled_vae', 'out_of_memory', 'rtx3060', 2],
      ['other_gpu', 'out_of_memory', 'rtx3060', 3],
    ]);
    expect(task?.recovery[0]?.detail).toMatch(/it needs about 12 GB here, rtx3060 has 12 GB/);
    expect(task?.attempts.map((attempt) => attempt.plan.steps)).toEqual([[], [], ['tiled_vae'], []]);
    await small.clearFaults();
    expect(story(await bench.rendered({ width: 768, height: 768 }))).toEqual(['rx9070xt: rendered']);
    expect(story(await bench.rendered({ width: 768, height: 1024 }))).toEqual(['rx9070xt: rendered']);
    expect(story(await bench.rendered({ width: 512, height: 512 }))).toEqual(['rtx3060: rendered']);
    expect(
      (await harness.db.manager.query(
        'select steps, too_small_mb from vram_need where too_small_mb is not null order by steps',
      )) as unknown,
    ).toEqual([
      { steps: '', too_small_mb: 12_288 },
      { steps: 'tiled_vae', too_small_mb: 12_288 },
    ]);
  });
});

describe('the newer generation of servers', () => {
  it.each([
    ['out of memory', 'oom@KSampler', 'rtx3060: out_of_memory'],
    ['blocked output', 'blocker@VAEDecode', 'rtx3060: blocked'],
    ['unknown node', 'missing-class@VAEDecode', 'rtx3060: missing_node'],
  ])('is understood as well: %s', async (_what, fault, first) => {
    const { small } = await open({ generation: '0.33' });
    await small.fault(fault);
    const job = await bench.rendered();
    expect(job.status).toBe('completed');
    expect(story(job)[0]).toBe(first);
  });
});
