import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { startComfySim, type ComfySimOptions, type RunningComfySim } from './comfy-sim';
import { parseFault } from './faults/faults';
import { readText } from './pictures/png';

/** What is real here: the whole simulator on a port of its own, in this process. */
let home: string;
const running: RunningComfySim[] = [];

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((sim) => sim.stop()));
  rmSync(home, { recursive: true, force: true });
});

async function start(options: Partial<ComfySimOptions> = {}): Promise<RunningComfySim> {
  const sim = await startComfySim({ home, timeScale: 0, previewMethod: 'none', ...options });
  running.push(sim);
  return sim;
}

const aStill = (
  more: { seed?: number; steps?: number; text?: string; prefix?: string; width?: number; height?: number } = {},
): object => ({
  1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'anime_sd15.safetensors' } },
  4: { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: more.text ?? '1girl, blue hair' } },
  5: { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: 'lowres' } },
  9: {
    class_type: 'EmptyLatentImage',
    inputs: { width: more.width ?? 128, height: more.height ?? 192, batch_size: 1 },
  },
  10: {
    class_type: 'KSampler',
    inputs: {
      model: ['1', 0],
      seed: more.seed ?? 1,
      steps: more.steps ?? 4,
      cfg: 6,
      sampler_name: 'euler',
      scheduler: 'normal',
      positive: ['4', 0],
      negative: ['5', 0],
      latent_image: ['9', 0],
      denoise: 1,
    },
  },
  11: { class_type: 'VAEDecode', inputs: { samples: ['10', 0], vae: ['1', 2] } },
  12: { class_type: 'SaveImage', inputs: { images: ['11', 0], filename_prefix: more.prefix ?? 'job/1/still' } },
});

async function post(sim: RunningComfySim, prompt: object, more: object = {}): Promise<string> {
  const promptId = randomUUID();
  const response = await fetch(`${sim.url}/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt, prompt_id: promptId, ...more }),
  });
  expect(await response.json()).toMatchObject({ prompt_id: promptId, node_errors: {} });
  return promptId;
}

interface Entry {
  readonly status: { status_str: string; messages: [string, Record<string, unknown>][] };
  readonly outputs: Record<string, { images: { filename: string; subfolder: string; type: string }[] }>;
}

async function settled(sim: RunningComfySim, promptId: string): Promise<Entry> {
  for (;;) {
    const history = (await (await fetch(`${sim.url}/history/${promptId}`)).json()) as Record<string, Entry>;
    const entry = history[promptId];
    if (entry !== undefined) return entry;
    await sleep(5);
  }
}

async function fileOf(sim: RunningComfySim, entry: Entry): Promise<Buffer> {
  const file = entry.outputs['12']?.images[0];
  const query = new URLSearchParams({ ...file });
  return Buffer.from(await (await fetch(`${sim.url}/view?${query.toString()}`)).arrayBuffer());
}

async function mean(png: Buffer): Promise<number> {
  const { channels } = await sharp(png).stats();
  return channels.reduce((sum, channel) => sum + channel.mean, 0) / channels.length;
}

const state = async (sim: RunningComfySim): Promise<Record<string, unknown>> =>
  (await (await fetch(`${sim.url}/sim/state`)).json()) as Record<string, unknown>;

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(5);
}

describe('a job', () => {
  it.each(['rtx3060', 'rx9070xt', 'cpu'] as const)(
    'becomes a picture of the asked size on %s, with its prompt inside',
    async (profile) => {
      const sim = await start({ profile });
      const entry = await settled(
        sim,
        await post(sim, aStill({ width: 200, height: 304 }), {
          extra_data: { extra_pnginfo: { workflow: { id: 'w' } } },
        }),
      );
      expect(entry.status.status_str).toBe('success');
      const png = await fileOf(sim, entry);
      expect(await sharp(png).metadata()).toMatchObject({ width: 200, height: 304, channels: 3 });
      const texts = readText(png);
      expect(JSON.parse(texts.get('prompt') ?? '')).toHaveProperty('10.inputs.seed', 1);
      expect(texts.get('workflow')).toBe('{"id": "w"}');
    },
  );

  it('gives the same pixels on another server', async () => {
    const [one, two] = [await start(), await start({ home: path.join(home, 'two'), profile: 'rx9070xt', seed: 9 })];
    const pixels = await Promise.all(
      [one, two].map(async (sim) =>
        sharp(await fileOf(sim, await settled(sim, await post(sim, aStill()))))
          .raw()
          .toBuffer(),
      ),
    );
    expect(pixels[0]?.equals(pixels[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it('fails clearly in a class that is only described', async () => {
    const sim = await start();
    const prompt = {
      1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
      2: { class_type: 'ImageBlur', inputs: { image: ['1', 0], blur_radius: 1, sigma: 1 } },
      3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'x' } },
    };
    const { status } = await settled(sim, await post(sim, prompt));
    expect(status.messages.at(-1)).toMatchObject([
      'execution_error',
      {
        node_id: '2',
        exception_message:
          'the simulator has no behaviour for the class ImageBlur: register one in nodes/registered-nodes.ts\n',
      },
    ]);
  });
});

describe('the card', () => {
  it('shows the model it holds, and that it is simulated', async () => {
    const sim = await start({ profile: 'rx9070xt' });
    const stats = async (): Promise<{
      system: { argv: string[]; pytorch_version: string };
      devices: { name: string; type: string; vram_free: number }[];
    }> => (await fetch(`${sim.url}/system_stats`)).json() as never;
    const before = await stats();
    expect(before.system.argv).toContain('--simulated');
    expect(before.system.pytorch_version).toContain('+rocm');
    expect(before.devices[0]).toMatchObject({
      name: 'cuda:0 AMD Radeon RX 9070 XT : native (simulated)',
      type: 'cuda',
    });
    await settled(sim, await post(sim, aStill()));
    expect((await stats()).devices[0]?.vram_free).toBeLessThan(before.devices[0]?.vram_free ?? 0);
    await fetch(`${sim.url}/free`, { method: 'POST', body: '{"unload_models": true}' });
    await until(async () => (await stats()).devices[0]?.vram_free === before.devices[0]?.vram_free);
  });

  it('takes the time of its profile', async () => {
    const sim = await start({ profile: 'rtx3060', timeScale: 0.05 });
    const began = Date.now();
    await settled(sim, await post(sim, aStill({ steps: 20, width: 512, height: 768 })));
    const simulatedSeconds = (Date.now() - began) / 1000 / 0.05;
    expect(simulatedSeconds).toBeGreaterThan(12);
    // Whatever a busy machine adds on top.
    expect(simulatedSeconds).toBeLessThan(90);
  });
});

describe('the execution log', () => {
  it('shows that no two prompts ever ran at once and none ran twice', async () => {
    const sim = await start({ executionLogFile: path.join(home, 'log.jsonl') });
    const ids = await Promise.all([1, 2, 3, 4].map((seed) => post(sim, aStill({ seed }))));
    await Promise.all(ids.map((id) => settled(sim, id)));
    const runs = sim.executionLog().filter((entry) => entry.event === 'start' || entry.event === 'end');
    expect(runs.map(({ event }) => event)).toEqual(['start', 'end', 'start', 'end', 'start', 'end', 'start', 'end']);
    expect(new Set(runs.map((entry) => entry.prompt_id)).size).toBe(4);
    expect(
      runs
        .filter((entry) => entry.event === 'end')
        .every((entry) => entry.outcome === 'success' && entry.duplicates === undefined),
    ).toBe(true);
    const lines = readFileSync(path.join(home, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(lines.map(({ event }) => event).sort()).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'accepted',
      'boot',
      'end',
      'end',
      'end',
      'end',
      'start',
      'start',
      'start',
      'start',
    ]);
  });

  it('marks a prompt id that runs again, also after a restart', async () => {
    const executionLogFile = path.join(home, 'log.jsonl');
    const first = await start({ executionLogFile });
    const id = await post(first, aStill());
    await settled(first, id);
    await first.kill();
    const second = await start({ executionLogFile });
    await fetch(`${second.url}/prompt`, { method: 'POST', body: JSON.stringify({ prompt: aStill(), prompt_id: id }) });
    await settled(second, id);
    expect(second.executionLog().at(-1)).toMatchObject({ event: 'end', duplicates: 1 });
  });
});

describe('a restart', () => {
  it('keeps output and input, wipes temp, and forgets queue, history and counter', async () => {
    const first = await start();
    await settled(first, await post(first, aStill()));
    await settled(
      first,
      await post(first, { ...aStill(), 12: { class_type: 'PreviewImage', inputs: { images: ['11', 0] } } }),
    );
    await first.kill();
    await expect(fetch(`${first.url}/prompt`)).rejects.toThrow();
    const second = await start();
    expect(existsSync(path.join(home, 'output', 'job', '1', 'still_00001_.png'))).toBe(true);
    expect(existsSync(path.join(home, 'temp'))).toBe(false);
    expect(await (await fetch(`${second.url}/history`)).json()).toEqual({});
    const entry = await settled(second, await post(second, aStill()));
    expect(entry.outputs['12']?.images[0]?.filename).toBe('still_00002_.png');
  });
});

describe('faults', () => {
  it('crash: the process is gone in the middle, and its log has a start without an end', async () => {
    const sim = await start({
      executionLogFile: path.join(home, 'log.jsonl'),
      faults: [parseFault('crash@KSampler/2')],
    });
    await post(sim, aStill());
    await until(async () =>
      fetch(`${sim.url}/queue`).then(
        () => false,
        () => true,
      ),
    );
    expect(sim.executionLog().map(({ event }) => event)).toEqual(['boot', 'accepted', 'start']);
  });

  it('hang: the node never ends, an interrupt changes nothing', async () => {
    const sim = await start({ faults: [parseFault('hang@10/1')] });
    const id = await post(sim, aStill());
    await until(async () => (await state(sim))['running'] === id);
    await fetch(`${sim.url}/interrupt`, { method: 'POST', body: '{}' });
    await sleep(100);
    expect(await state(sim)).toMatchObject({ running: id, workerDead: false });
  });

  it('oom: fails as on an NVIDIA card, unloads the models, and the next job runs', async () => {
    const sim = await start();
    await fetch(`${sim.url}/sim/faults`, { method: 'POST', body: JSON.stringify({ add: ['oom@10'] }) });
    const { status } = await settled(sim, await post(sim, aStill()));
    const [event, data] = status.messages.at(-1) ?? [];
    expect(event).toBe('execution_error');
    expect(data?.['exception_type']).toBe('torch.OutOfMemoryError');
    expect(data?.['exception_message']).toMatch(
      /^Allocation on device \nThis error means you ran out of memory on your GPU\./,
    );
    expect((await state(sim))['residentModels']).toEqual([]);
    expect((await settled(sim, await post(sim, aStill({ seed: 2 })))).status.status_str).toBe('success');
  });

  it('black-image: success, and a picture of nothing', async () => {
    const sim = await start({ faults: [parseFault('black-image')] });
    expect(await mean(await fileOf(sim, await settled(sim, await post(sim, aStill()))))).toBe(0);
  });

  it('reply-lost: the client hears nothing, the job runs', async () => {
    const sim = await start({ faults: [parseFault('reply-lost')] });
    const id = randomUUID();
    await expect(
      fetch(`${sim.url}/prompt`, { method: 'POST', body: JSON.stringify({ prompt: aStill(), prompt_id: id }) }),
    ).rejects.toThrow();
    expect((await settled(sim, id)).status.status_str).toBe('success');
  });

  it('history-delay: success comes long before the history has it', async () => {
    const sim = await start({ faults: [parseFault('history-delay*1=300')] });
    const id = await post(sim, aStill());
    await until(() => sim.executionLog().at(-1)?.event === 'end');
    expect(await (await fetch(`${sim.url}/history/${id}`)).json()).toEqual({});
    await settled(sim, id);
  });

  it('slow: everything takes as many times longer', async () => {
    const sim = await start({ timeScale: 0.05 });
    await settled(sim, await post(sim, aStill({ seed: 1 })));
    sim.faults.arm(parseFault('slow=40'));
    const began = Date.now();
    await settled(sim, await post(sim, aStill({ seed: 2 })));
    // Four steps of a small picture are 0.14 simulated seconds; this bound holds however busy the machine is.
    expect(Date.now() - began).toBeGreaterThan(0.14 * 0.9 * 40 * 0.05 * 1000);
  });

  it('refuse: nobody gets in for a while', async () => {
    const sim = await start();
    sim.faults.arm(parseFault('refuse=200'));
    await until(async () =>
      fetch(`${sim.url}/queue`).then(
        () => false,
        () => true,
      ),
    );
    await until(async () =>
      fetch(`${sim.url}/queue`).then(
        () => true,
        () => false,
      ),
    );
  });

  it('are refused by the side door when they make no sense', async () => {
    const sim = await start();
    const response = await fetch(`${sim.url}/sim/faults`, { method: 'POST', body: '{"add": [{"kind": "nope"}]}' });
    expect(response.status).toBe(400);
  });
});

describe('an interrupt', () => {
  it('stops the sampler between two steps', async () => {
    const sim = await start({ timeScale: 0.02 });
    const id = await post(sim, aStill({ steps: 500, width: 512, height: 768 }));
    await until(async () => (await state(sim))['running'] === id);
    await fetch(`${sim.url}/interrupt`, { method: 'POST', body: JSON.stringify({ prompt_id: id }) });
    const { status } = await settled(sim, id);
    expect(status.messages.at(-1)?.[0]).toBe('execution_interrupted');
    expect(sim.executionLog().at(-1)).toMatchObject({ event: 'end', outcome: 'interrupted' });
  });
});
