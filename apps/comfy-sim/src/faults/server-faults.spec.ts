import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { filesOf, lastEvent, type Graph } from '../contract/comfy-client';
import { picture, sampled } from '../contract/graphs';
import { SimBench } from '../contract/sim-bench';

/** What is real here: the whole simulator on a port of its own, in this process. */
let bench: SimBench;
beforeEach(() => {
  bench = new SimBench();
});
afterEach(() => bench.close());

const holding: Graph = {
  1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  2: { class_type: 'ToyTicks', inputs: { image: ['1', 0], ticks: 50, ms: 20 } },
  3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'holding' } },
};
interface Queue {
  readonly queue_running: [number, string][];
  readonly queue_pending: [number, string][];
}

describe('a server under a fault', () => {
  it('opens its port late', async () => {
    const began = performance.now();
    await bench.start(['boot-delay=300']);
    expect(performance.now() - began).toBeGreaterThan(290);
  });

  it('goes on answering when its worker is dead', async () => {
    const { client } = await bench.start(['zombie-worker']);
    const socket = await client.listen();
    const first = await client.post(picture('zombie'), { client_id: socket.clientId });
    await socket.heard('execution_start', first.promptId);
    const second = await client.post(picture('zombie'));
    await client.postJson('/interrupt', {});
    await sleep(100);
    const queue = await client.json<Queue>('/queue');
    expect(queue.queue_running.map(([, id]) => id)).toEqual([first.promptId]);
    expect(queue.queue_pending.map(([, id]) => id)).toEqual([second.promptId]);
    expect((await client.json<{ workerDead: boolean }>('/sim/state')).workerDead).toBe(true);
  });

  it.each([
    ['accepted-500', 500],
    ['reply-late=300', 200],
  ] as const)('queues a prompt and answers it otherwise under %s', async (fault, status) => {
    const { client } = await bench.start([fault]);
    const answer = await client.post(picture('accepted'));
    expect(answer.status).toBe(status);
    expect(lastEvent(await client.settled(answer.promptId))).toBe('execution_success');
  });

  it('forgets what it has done, and keeps the files', async () => {
    const { client } = await bench.start(['evict-history']);
    const { promptId } = await client.post(picture('evicted'));
    await client.until('the file', () =>
      existsSync(path.join(bench.home, '0', 'output', 'evicted_00001_.png')) ? true : undefined,
    );
    await client.until('an empty queue', async () =>
      (await client.json<Queue>('/queue')).queue_running.length === 0 ? true : undefined,
    );
    await sleep(50);
    expect(await client.entry(promptId)).toBeUndefined();
  });

  it('loses its waiting prompts to somebody else', async () => {
    const { client, sim } = await bench.start();
    await client.post(holding);
    const { promptId } = await client.post(picture('waiting'));
    sim.faults.arm({ kind: 'clear-queue' });
    const queue = await client.json<Queue>('/queue');
    expect([queue.queue_running.length, queue.queue_pending.length]).toEqual([1, 0]);
    expect(await client.entry(promptId)).toBeUndefined();
  });

  it('names files that are gone, in a cached repeat too', async () => {
    const { client } = await bench.start(['delete-files']);
    const [first] = filesOf(await client.run(picture('gone')), '2');
    const [again] = filesOf(await client.run(picture('gone')), '2');
    expect(again).toEqual(first);
    expect((await client.view({ filename: 'gone_00001_.png', subfolder: '', type: 'output' })).status).toBe(404);
  });

  it('refuses one of two outputs and runs the other', async () => {
    const { client } = await bench.start(['partial-node-errors@3']);
    const graph = {
      ...picture('kept'),
      3: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'dropped' } },
    };
    const { status, promptId, body } = await client.post(graph);
    expect([status, Object.keys(body.node_errors ?? {})]).toEqual([200, ['3']]);
    const entry = await client.settled(promptId);
    expect([entry.prompt[4], Object.keys(entry.outputs)]).toEqual([['2'], ['2']]);
  });

  it('lacks a model until the fault is cleared', async () => {
    const { client, sim } = await bench.start(['missing-model@anime_sd15.safetensors']);
    const refused = await client.post(sampled('missing', 'anime_sd15.safetensors'));
    expect(refused.body.node_errors?.['1']?.errors[0]?.details).toBe(
      "ckpt_name: 'anime_sd15.safetensors' not in ['anime_sdxl.safetensors']",
    );
    expect(await client.json('/models/checkpoints')).toEqual(['anime_sdxl.safetensors']);
    sim.faults.clear('missing-model');
    expect((await client.post(sampled('missing', 'anime_sd15.safetensors'))).status).toBe(200);
  });

  it.each([
    ['missing-class@SaveImage', {}, 'invalid_prompt'],
    ['missing-class@SaveImage', { generation: '0.33' as const }, 'missing_node_type'],
  ])('does not know a class under %s %j', async (fault, options, type) => {
    const { client } = await bench.start([fault], options);
    expect((await client.post(picture('unknown'))).body.error?.type).toBe(type);
    expect(await client.json('/object_info/SaveImage')).toEqual({});
  });

  it('lacks a pack, and tells why in its log', async () => {
    const { client } = await bench.start(['pack-import-failed@VideoHelperSuite'], { packs: true });
    const classes = Object.keys(await client.json<object>('/object_info'));
    expect(classes).toContain('UnetLoaderGGUF');
    expect(classes).not.toContain('VHS_VideoCombine');
    expect(await client.json<string>('/internal/logs')).toContain('(IMPORT FAILED)');
  });

  it('wants a new input after an update', async () => {
    const { client, sim } = await bench.start(['version-drift@SaveImage']);
    expect((await client.post(picture('drift'))).body.node_errors?.['2']?.errors[0]?.type).toBe(
      'required_input_missing',
    );
    sim.faults.clear();
    expect((await client.post(picture('drift'))).status).toBe(200);
  });

  it('leaks memory with every prompt', async () => {
    const { client } = await bench.start(['ram-leak=1024']);
    const free = async (): Promise<number> =>
      (await client.json<{ system: { ram_free: number } }>('/system_stats')).system.ram_free;
    const before = await free();
    await client.run(picture('leak'));
    expect(before - (await free())).toBe(1024 ** 3);
  });

  it('has a clock of its own', async () => {
    const { client } = await bench.start(['clock-skew=-3600000']);
    const [, data] = (await client.run(picture('skew'))).status.messages[0] ?? [];
    expect(Date.now() - Number(data?.['timestamp'])).toBeGreaterThan(3_590_000);
  });

  it('counts from 0 again, is slow to tell of its past, and loses its temp', async () => {
    const { client, sim } = await bench.start(['slow-history=300']);
    await client.run({ ...picture('a'), 2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } } });
    sim.faults.arm({ kind: 'number-reset' });
    expect((await client.post(picture('b'))).body.number).toBe(0);
    const began = performance.now();
    await client.json('/history');
    expect(performance.now() - began).toBeGreaterThan(290);
    sim.faults.arm({ kind: 'wipe-temp' });
    expect(
      existsSync(path.join(bench.home, '0', 'temp')) ? readdirSync(path.join(bench.home, '0', 'temp')) : [],
    ).toEqual([]);
  });

  it('does not start a second time on one database with assets', async () => {
    await expect(bench.start(['second-instance'], { generation: '0.33', assets: true })).rejects.toThrow(
      'ASSETS_STARTUP_FAILED',
    );
  });

  it('lets chance arm faults before prompts', async () => {
    const { client, sim } = await bench.start();
    sim.faults.arm({ kind: 'random', seed: 5, rate: 1, kinds: ['blocker'] });
    expect((await client.run(picture('chance'))).outputs).toEqual({});
  });
});
