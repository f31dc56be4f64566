import { setTimeout as sleep } from 'node:timers/promises';
import { picture, sampled } from '../contract/graphs';
import { SimBench } from '../contract/sim-bench';

/** What is real here: the whole simulator on a port of its own, in this process. */
let bench: SimBench;
beforeEach(() => {
  bench = new SimBench();
});
afterEach(() => bench.close());

const checkpoint = 'anime_sd15.safetensors';

describe('sockets under a fault', () => {
  it('end with 1006 when the message comes they were aimed at, and the prompt goes on', async () => {
    const { client } = await bench.start(['drop-socket@progress']);
    const socket = await client.listen();
    const { promptId } = await client.post(sampled('drop', checkpoint), { client_id: socket.clientId });
    await socket.until('the end of the socket', () => socket.closeCode !== undefined);
    expect(socket.closeCode).toBe(1006);
    expect(socket.of(promptId).map(({ type }) => type)).toContain('execution_start');
    expect(socket.texts.some(({ type }) => type === 'progress')).toBe(false);
    expect((await client.settled(promptId)).status.status_str).toBe('success');
  });

  it.each([
    ['deaf-socket', 1],
    ['dead-socket', 0],
  ] as const)('stay open and hear nothing more under %s; pongs: %d', async (kind, pongs) => {
    const { client, sim } = await bench.start();
    const socket = await client.listen();
    await socket.heard('status');
    sim.faults.arm({ kind });
    const { promptId } = await client.post(picture('deaf'), { client_id: socket.clientId });
    await client.settled(promptId);
    socket.ping();
    await sleep(200);
    expect([socket.texts.length, socket.pongs, socket.closeCode]).toEqual([1, pongs, undefined]);
    const fresh = await client.listen();
    expect((await fresh.heard('status')).data['sid']).toBe(fresh.clientId);
  });

  it('end and cannot be had again while upgrades are refused, and HTTP goes on', async () => {
    const { client, sim } = await bench.start();
    const socket = await client.listen();
    await socket.heard('status');
    sim.faults.arm({ kind: 'refuse-upgrade' });
    await socket.until('the end of the socket', () => socket.closeCode !== undefined);
    await expect(client.listen()).rejects.toThrow('Unexpected server response: 400');
    const { promptId } = await client.post(picture('unheard'));
    expect((await client.settled(promptId)).status.status_str).toBe('success');
    sim.faults.clear('refuse-upgrade');
    expect((await (await client.listen()).heard('status')).type).toBe('status');
  });

  it('lose their messages to a second client of the same id', async () => {
    const { client, sim } = await bench.start();
    const socket = await client.listen('shared');
    await socket.heard('status');
    sim.faults.arm({ kind: 'steal-client-id' });
    await sleep(200);
    const { promptId } = await client.post(picture('stolen'), { client_id: 'shared' });
    await client.settled(promptId);
    expect(socket.of(promptId)).toEqual([]);
    expect((await client.json<{ sockets: string[] }>('/sim/state')).sockets).toEqual(['shared']);
  });

  it('stand still together with HTTP while the loop is blocked', async () => {
    const { client, sim } = await bench.start();
    const socket = await client.listen();
    await socket.heard('status');
    sim.faults.arm({ kind: 'block-loop', ms: 500 });
    const began = performance.now();
    socket.ping();
    await Promise.all([client.fetch('/prompt'), socket.until('a pong', () => socket.pongs === 1)]);
    expect(performance.now() - began).toBeGreaterThan(400);
  });

  it('hear every tick twice, of a second bar, of strangers and of too many nodes', async () => {
    const { client } = await bench.start([
      'duplicate-progress',
      'progress-reset',
      'unknown-messages',
      'huge-progress-state=300',
      'vhs-preview-frame',
    ]);
    const socket = await client.listen();
    const { promptId } = await client.post(sampled('strange', checkpoint), { client_id: socket.clientId });
    await socket.ended(promptId);
    const ticks = socket
      .of(promptId)
      .filter(({ type }) => type === 'progress')
      .map(({ data }) => data['value']);
    expect(ticks).toEqual([1, 1, 1, 1, 2, 1, 2, 1]);
    expect(socket.texts.some(({ type }) => type === 'crystools.monitor')).toBe(true);
    const state = socket.texts.find(({ type }) => type === 'progress_state')?.data['nodes'] as object;
    expect(Object.keys(state).length).toBeGreaterThan(300);
    const pack = socket.binaries.filter((frame) => frame.readUInt32BE(0) === 1 && frame.readUInt16BE(8) !== 0xffd8);
    expect(pack.map((frame) => frame.readUInt16BE(32))).toEqual([0xffd8, 0xffd8]);
  });

  it('bring numbers that are no JSON, and the history too', async () => {
    const { client } = await bench.start(['nan-in-json']);
    const { promptId } = await client.post(picture('nan'));
    const text = await client.until('the history', async () => {
      const answer = await (await client.fetch(`/history/${promptId}`)).text();
      return answer === '{}' ? undefined : answer;
    });
    expect(text).toContain('"stats": [NaN, Infinity, -Infinity], "big": [18446744073709551615]');
  });
});
