import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastEvent } from './comfy-client';
import { ContractSession, contractTargets } from './contract-target';
import { failing, picture, sampled } from './graphs';
import type { Listener } from './listener';

/** What is real here: a whole server, simulated or ComfyUI itself, over HTTP and WebSocket. */
// A CPU under load takes half a minute for each step of its sampler.
jest.setTimeout(900_000);

const steps = 4;

describe.each(contractTargets().map((target) => [target.name, target] as const))('sockets of %s', (_name, target) => {
  const session = new ContractSession(target);
  beforeAll(() => session.open());
  afterAll(() => session.close());
  const { checkpoint } = target;
  const itWithCheckpoint =
    checkpoint === undefined
      ? (title: string, run: () => Promise<void>): void =>
          it.skip(`${title} (skipped: the server lists no checkpoint)`, run)
      : it;
  const unique = (): string => `${session.folder}/${randomUUID().slice(0, 8)}`;
  const story = (socket: Listener, promptId: string): string[] =>
    socket.of(promptId).map(({ type, data }) => {
      if (type === 'executing' || type === 'executed') return `${type} ${String(data['node'])}`;
      if (type !== 'progress_state') return type;
      return `state ${Object.entries(data['nodes'] as Record<string, { state: string }>)
        .map(([id, { state }]) => `${id}:${state}`)
        .join(' ')}`;
    });

  it('greet with the number of waiting prompts and their own id', async () => {
    const socket = await session.client.listen();
    expect((await socket.heard('status')).data).toEqual({
      status: { exec_info: { queue_remaining: expect.any(Number) as number } },
      sid: socket.clientId,
    });
  });

  it('tell the story of a prompt in order', async () => {
    const socket = await session.client.listen();
    const { promptId } = await session.client.post(
      picture(unique(), { size: 40, colour: Number.parseInt(randomUUID().slice(0, 6), 16) }),
      { client_id: socket.clientId },
    );
    await socket.ended(promptId);
    expect(story(socket, promptId)).toEqual([
      'execution_start',
      'execution_cached',
      'state 1:running',
      'executing 1',
      'state 1:finished',
      'state 1:finished 2:running',
      'executing 2',
      'executed 2',
      'state 1:finished 2:finished',
      'execution_success',
      'executing null',
    ]);
    expect(await session.client.entry(promptId)).toBeDefined();
    const types = socket.order.map(({ type, promptId: id }) => (id === undefined ? type : `${type}!`));
    expect(types.filter((type) => type === 'status').length).toBeGreaterThanOrEqual(4);
  });

  it('tell of a failure', async () => {
    const socket = await session.client.listen();
    const { promptId } = await session.client.post(failing(unique()), { client_id: socket.clientId });
    await socket.ended(promptId);
    expect(story(socket, promptId).slice(-2)).toEqual(['execution_error', 'executing null']);
    expect(Object.keys((await socket.heard('execution_error', promptId)).data).sort()).toEqual([
      'current_inputs',
      'current_outputs',
      'exception_message',
      'exception_type',
      'executed',
      'node_id',
      'node_type',
      'prompt_id',
      'timestamp',
      'traceback',
    ]);
  });

  it('tell nothing but progress of a prompt without a client, and that to all', async () => {
    const [socket, other] = [await session.client.listen(), await session.client.listen()];
    const { promptId } = await session.client.post(picture(unique(), { size: 56 }));
    await session.client.settled(promptId);
    await Promise.all([socket.heard('progress_state', promptId), other.heard('progress_state', promptId)]);
    await sleep(100);
    expect(new Set([...socket.of(promptId), ...other.of(promptId)].map(({ type }) => type))).toEqual(
      new Set(['progress_state']),
    );
  });

  it('answer the first frame with the features of the server, and pings', async () => {
    const socket = await session.client.listen(undefined, {
      type: 'feature_flags',
      data: { supports_preview_metadata: true },
    });
    expect((await socket.heard('feature_flags')).data).toEqual(await session.client.json('/features'));
    socket.ping();
    await socket.until('a pong', () => socket.pongs === 1);
  });

  it('under one id: the later one takes over, and is deaf once the earlier one closes', async () => {
    const id = randomUUID().replaceAll('-', '');
    const earlier = await session.client.listen(id);
    await earlier.heard('status');
    const later = await session.client.listen(id);
    await later.heard('status');
    const first = await session.client.post(picture(unique(), { size: 72 }), { client_id: id });
    await later.ended(first.promptId);
    expect(earlier.of(first.promptId)).toEqual([]);
    earlier.close();
    await sleep(300);
    const second = await session.client.post(picture(unique(), { size: 88 }), { client_id: id });
    await session.client.settled(second.promptId);
    await sleep(100);
    expect([later.of(second.promptId), later.closeCode]).toEqual([[], undefined]);
  });

  describe('while it samples', () => {
    /** What is interrupted has steps enough for that. */
    const quick = new ContractSession(target, 0.05);
    beforeAll(() => quick.open());
    afterAll(() => quick.close());

    itWithCheckpoint('bring every step and its preview, in the form which the client announced', async () => {
      const plain = await quick.client.listen();
      const first = await quick.client.post(sampled(unique(), checkpoint ?? '', { steps, seed: 11 }), {
        client_id: plain.clientId,
      });
      await plain.ended(first.promptId);
      const ticks = plain.of(first.promptId).filter(({ type }) => type === 'progress');
      expect(ticks.map(({ data }) => [data['value'], data['max'], data['node']])).toEqual(
        Array.from({ length: steps }, (_, index) => [index + 1, steps, '10']),
      );
      const announced = await quick.client.listen(undefined, {
        type: 'feature_flags',
        data: { supports_preview_metadata: true },
      });
      await announced.heard('feature_flags');
      const second = await quick.client.post(sampled(unique(), checkpoint ?? '', { steps, seed: 12 }), {
        client_id: announced.clientId,
      });
      await announced.ended(second.promptId);
      const { argv } = (await quick.client.json<{ system: { argv: string[] } }>('/system_stats')).system;
      const previews = argv.includes('--simulated') || argv.includes('latent2rgb') || argv.includes('auto') ? steps : 0;
      expect([plain, announced].map(({ binaries }) => binaries.map((frame) => frame.readUInt32BE(0)))).toEqual([
        Array(previews).fill(1),
        Array(previews).fill(4),
      ]);
      for (const frame of announced.binaries) {
        const length = frame.readUInt32BE(4);
        expect(JSON.parse(frame.toString('utf8', 8, 8 + length))).toMatchObject({
          node_id: '10',
          prompt_id: second.promptId,
          image_type: 'image/jpeg',
        });
        expect(frame.readUInt16BE(8 + length)).toBe(0xffd8);
      }
    });

    itWithCheckpoint('hear of an interrupt, and nothing of a prompt that was taken out of the queue', async () => {
      const socket = await quick.client.listen();
      const running = await quick.client.post(sampled(unique(), checkpoint ?? '', { steps: 200, seed: 13 }), {
        client_id: socket.clientId,
      });
      const waiting = await quick.client.post(picture(unique()), { client_id: socket.clientId });
      await socket.heard('progress', running.promptId);
      await quick.client.postJson('/queue', { delete: [waiting.promptId] });
      const queue = await quick.client.json<{ queue_running: [number, string][]; queue_pending: [number, string][] }>(
        '/queue',
      );
      expect(queue.queue_running.map(([, id]) => id)).toEqual([running.promptId]);
      expect(queue.queue_pending.map(([, id]) => id)).not.toContain(waiting.promptId);
      expect((await quick.client.postJson('/interrupt', { prompt_id: running.promptId })).status).toBe(200);
      const entry = await quick.client.settled(running.promptId);
      expect([entry.status.status_str, lastEvent(entry), entry.status.messages.at(-1)?.[1]['node_id']]).toEqual([
        'error',
        'execution_interrupted',
        '10',
      ]);
      await socket.ended(running.promptId);
      expect(story(socket, running.promptId).slice(-2)).toEqual(['execution_interrupted', 'executing null']);
      expect([socket.of(waiting.promptId), await quick.client.entry(waiting.promptId)]).toEqual([[], undefined]);
    });
  });
});
