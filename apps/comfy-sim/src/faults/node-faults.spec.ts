import { statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { filesOf, lastEvent, type Graph, type HistoryEntry } from '../contract/comfy-client';
import { picture, sampled } from '../contract/graphs';
import { SimBench } from '../contract/sim-bench';

/** What is real here: the whole simulator on a port of its own, in this process. */
let bench: SimBench;
beforeEach(() => {
  bench = new SimBench();
});
afterEach(() => bench.close());

const checkpoint = 'anime_sd15.safetensors';
const ticking = (ms = 20, ticks = 10): Graph => ({
  1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  2: { class_type: 'ToyTicks', inputs: { image: ['1', 0], ticks, ms } },
  3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'ticking' } },
});
const failure = (entry: HistoryEntry): { type: string; message: string } => {
  const [event, data] = entry.status.messages.at(-1) ?? ['', {}];
  return {
    type: event === 'execution_error' ? String(data['exception_type']) : event,
    message: String(data['exception_message'] ?? ''),
  };
};

describe('a node under a fault', () => {
  it.each([
    ['nvidiaAsync', 'torch.OutOfMemoryError', /^Allocation on device \nThis error means/],
    ['nvidiaNative', 'torch.OutOfMemoryError', /^CUDA out of memory\. Tried to allocate/],
    ['hip', 'torch.OutOfMemoryError', /^HIP out of memory\. Tried to allocate/],
    ['cudaError', 'RuntimeError', /^CUDA error: out of memory/],
    ['hipError', 'torch.AcceleratorError', /^HIP error: out of memory/],
    ['hostRam', 'RuntimeError', /alloc_cpu\.cpp/],
  ])('runs out of memory in the words of %s', async (word, type, message) => {
    const { client, sim } = await bench.start([`oom@KSampler/2=${word}`]);
    const entry = await client.run(sampled('oom', checkpoint));
    expect(failure(entry).type).toBe(type);
    expect(failure(entry).message).toMatch(message);
    const { residentModels } = await client.json<{ residentModels: string[] }>('/sim/state');
    expect(residentModels.length > 0).toBe(type !== 'torch.OutOfMemoryError');
    expect(lastEvent(await client.run(sampled('oom', checkpoint)))).toBe('execution_success');
    expect(sim.faults.list()).toEqual([]);
  });

  it('poisons the process: every later prompt fails, however small', async () => {
    const { client } = await bench.start(['poison@KSampler/1']);
    expect(failure(await client.run(sampled('poison', checkpoint))).message).toMatch(
      /^CUDA error: an illegal memory access/,
    );
    expect(failure(await client.run(picture('after'))).message).toMatch(/^CUDA error: an illegal memory access/);
  });

  it('hangs out of reach of interrupts', async () => {
    const { client } = await bench.start(['hang@2/3']);
    const socket = await client.listen();
    const { promptId } = await client.post(ticking(1), { client_id: socket.clientId });
    await socket.until('the second tick', () =>
      socket.of(promptId).some(({ type, data }) => type === 'progress' && data['value'] === 2),
    );
    await client.postJson('/interrupt', { prompt_id: promptId });
    await sleep(200);
    expect(await client.entry(promptId)).toBeUndefined();
  });

  it('hangs until an interrupt ends it', async () => {
    const { client } = await bench.start(['hang-interruptible@2/3']);
    const { promptId } = await client.post(ticking(1));
    await client.until('the prompt to run', async () =>
      (await client.json<{ node: string | null; running: string | null }>('/sim/state')).running === promptId
        ? true
        : undefined,
    );
    await sleep(100);
    expect(await client.entry(promptId)).toBeUndefined();
    await client.postJson('/interrupt', { prompt_id: promptId });
    expect(lastEvent(await client.settled(promptId))).toBe('execution_interrupted');
  });

  it('takes the driver down with it: /system_stats is silent, /prompt answers', async () => {
    const { client } = await bench.start(['gpu-driver-hang@2']);
    const socket = await client.listen();
    const { promptId } = await client.post(ticking(), { client_id: socket.clientId });
    await socket.until('the node to begin', () =>
      socket.of(promptId).some(({ type, data }) => type === 'executing' && data['node'] === '2'),
    );
    const stats = client.fetch('/system_stats').then(
      () => 'answered',
      () => 'refused',
    );
    expect(await Promise.race([stats, sleep(300, 'silent')])).toBe('silent');
    expect((await client.fetch('/prompt')).status).toBe(200);
  });

  it.each([
    ['download-stall@2=3000', 2],
    ['kernel-tuning=3000', 1],
  ])('stands still the first time under %s, and not the next', async (fault, runs) => {
    const { client } = await bench.start([fault]);
    const timed = async (graph: Graph): Promise<number> => {
      const entry = await client.run(graph);
      const times = entry.status.messages.map(([, data]) => Number(data['timestamp']));
      return Math.max(...times) - Math.min(...times);
    };
    const graph = (count: number): Graph =>
      runs === 2 ? ticking(1, count + 1) : sampled('stall', checkpoint, { seed: count });
    expect(await timed(graph(1))).toBeGreaterThanOrEqual(3000);
    expect(await timed(graph(2))).toBeLessThan(3000);
  });

  it('is interrupted by somebody else', async () => {
    const { client } = await bench.start(['human-interrupt@2/2']);
    expect(lastEvent(await client.run(ticking(1)))).toBe('execution_interrupted');
  });

  it('loses one interrupt and obeys the next', async () => {
    const { client } = await bench.start(['lose-interrupt']);
    const { promptId } = await client.post(ticking(20, 100));
    await client.until('the node to tick', async () =>
      (await client.json<{ node: string | null; running: string | null }>('/sim/state')).running === promptId
        ? true
        : undefined,
    );
    await client.postJson('/interrupt', { prompt_id: promptId });
    await sleep(200);
    expect(await client.entry(promptId)).toBeUndefined();
    await client.postJson('/interrupt', { prompt_id: promptId });
    expect(lastEvent(await client.settled(promptId))).toBe('execution_interrupted');
  });

  it('swallows an interrupt and goes on', async () => {
    const { client } = await bench.start(['swallow-interrupt@2']);
    const socket = await client.listen();
    const { promptId } = await client.post(ticking(20, 20), { client_id: socket.clientId });
    await socket.heard('progress', promptId);
    await client.postJson('/interrupt', { prompt_id: promptId });
    expect(lastEvent(await client.settled(promptId))).toBe('execution_success');
  });

  it('lets an interrupt strike the next prompt', async () => {
    const { client } = await bench.start(['collateral-interrupt']);
    const socket = await client.listen();
    const first = await client.post(ticking(20, 20), { client_id: socket.clientId });
    const second = await client.post(ticking(20, 21));
    await socket.heard('progress', first.promptId);
    await client.postJson('/interrupt', { prompt_id: first.promptId });
    expect(lastEvent(await client.settled(first.promptId))).toBe('execution_success');
    expect(lastEvent(await client.settled(second.promptId))).toBe('execution_interrupted');
  });

  it.each([
    ['empty-file', (size: number) => size === 0],
    ['truncated-file', (size: number) => size > 0 && size < 200],
  ])('leaves a broken file with success under %s', async (fault, isBroken) => {
    const { client } = await bench.start([`${fault}@SaveImage`]);
    const entry = await client.run(picture('broken'));
    expect(entry.status.status_str).toBe('success');
    const [file] = filesOf(entry, '2');
    expect(isBroken(statSync(path.join(bench.home, '0', 'output', file?.filename ?? '')).size)).toBe(true);
  });

  it('hands on a blocker: success without outputs', async () => {
    const { client } = await bench.start(['blocker@1']);
    const entry = await client.run(picture('blocked'));
    expect([entry.status.status_str, entry.outputs]).toEqual(['success', {}]);
  });

  it('overwrites the newest file in a race', async () => {
    const { client, sim } = await bench.start();
    await client.run(picture('race', { colour: 1 }));
    sim.faults.arm({ kind: 'file-race' });
    expect(filesOf(await client.run(picture('race', { colour: 2 })), '2').map(({ filename }) => filename)).toEqual([
      'race_00001_.png',
    ]);
  });

  it('finds the disk full, and leaves half an upload', async () => {
    const { client } = await bench.start(['disk-full'], { generation: '0.33' });
    expect(failure(await client.run(picture('full')))).toEqual({
      type: 'OSError',
      message: '[Errno 28] No space left on device\n',
    });
    expect((await client.upload('big.png', Buffer.alloc(1000, 1))).status).toBe(500);
    expect(statSync(path.join(bench.home, '0', 'input', 'big.png')).size).toBe(500);
  });
});
