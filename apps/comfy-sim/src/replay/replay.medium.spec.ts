import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { findFfmpeg } from '@tower/imaging';
import { describeNeeds } from '@tower/testing';
import { startComfySim, type ComfySimOptions, type RunningComfySim } from '../comfy-sim';
import { inventoryWithout } from '../card/model-inventory';
import type { GenerationId } from '../generation';
import { dumpJson } from '../python/json';
import { Picture } from '../pictures/picture';
import { withText } from '../pictures/png';
import { Player } from './player';
import { redSquare } from './recorded-uploads';
import { readTrace, type Trace } from './trace';
import { answerDifferences, verdict } from './verdict';

/**
 * What is real here: the whole simulator on a port of its own, in this process. The client is a recording of a real
 * one.
 */
type Agrees = ConstructorParameters<typeof Player>[3];
type Flags = Partial<ComfySimOptions>;
type Recording = [GenerationId, string, Flags?];
/** These encode films. */
const films: Recording[] = [
  ['0.3.64', 'outputs-core'],
  ['0.3.64', 'outputs-vhs', { packs: true }],
  ['0.3.64', 'vhs-failed-encoder', { packs: true }],
  [
    '0.3.64',
    'recipes-run',
    {
      packs: true,
      models: inventoryWithout(['clip_vision/CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors']),
      emptyModels: ['wan_2.1_vae.safetensors', 'wan2.1-i2v-14b-480p-Q4_K_M.gguf'],
    },
  ],
  ['0.33', 'media-outputs'],
  ['0.33', 'dynamic-inputs'],
  ['0.33', 'vhs-video', { packs: true }],
];
const traces: readonly Recording[] = [
  ...[
    'success-light',
    'success-sampler-plain',
    'success-sampler-meta',
    'cached-repeat',
    'nonce-partial-cache',
    'no-client-id',
    'three-queued',
    'two-clients',
    'front-and-number',
    'validation-errors',
    'view-and-upload',
    'history-routes',
    'system-routes',
    'interrupt-by-id',
    'interrupt-global',
    'interrupt-wrong-id',
    'interrupt-pending',
    'interrupt-swallowed',
    'takeover',
    'reconnect-after-end',
    'reconnect-new-id',
    'reconnect-same-id',
    'partial-valid',
    'partial-targets',
    'execution-blocker',
    'error-classes',
    'nan-and-int64',
    'bad-ui-output',
    'subgraph-and-async',
    'absent-socket',
    'output-without-ui',
    'prompt-ids',
  ].map((name): [GenerationId, string] => ['0.3.64', name]),
  ['0.3.64', 'http-errors', { maxUploadMegabytes: 1 }],
  ['0.3.64', 'recipes-validation', { packs: true }],
  ['0.3.64', 'success-sampler-nopreview', { previewMethod: 'none' }],
  ['0.3.64', 'cache-lru', { cache: { kind: 'lru', size: 20 } }],
  ['0.3.64', 'cache-none', { cache: { kind: 'none' } }],
  ...[
    'success-light',
    'success-sampler-meta',
    'cached-repeat',
    'nonce-partial-cache',
    'no-client-id',
    'three-queued',
    'interrupt-by-id',
    'interrupt-pending',
    'jobs-bad-queries',
    'history-paging',
    'extra-data',
    'view-variants',
    'upload-variants',
    'validation-errors',
    'node-replacements',
    'interrupt-during-load',
    'prompt-id-forms',
    'node-behaviour',
    'dynamic-inputs-wrong',
    'front-and-number',
    'interrupt-global',
    'interrupt-wrong-id',
    'two-clients',
    'free',
    'success-sampler-plain',
  ].map((name): [GenerationId, string] => ['0.33', name]),
  ['0.33', 'ram-pressure', { cache: { kind: 'starved' } }],
  ['0.33', 'bad-requests', { maxUploadMegabytes: 1 }],
  ['0.33', 'preview-method', { previewMethod: 'none' }],
  ['0.33', 'intermediate-output'],
  ['0.33', 'preview-method', { previewMethod: 'none' }],
];

/**
 * A step must last long enough for an interrupt to arrive between two, and a prompt for the lists that are read while
 * it runs.
 */
const timeScaleOf = (trace: Trace): number =>
  trace.name === 'prompt-id-forms' ? 0.5 : asks(trace, '/interrupt') ? 0.06 : 0.01;

const asks = (trace: Trace, ...paths: string[]): boolean =>
  trace.events.some((event) => event.kind === 'req' && paths.includes(event.text('path')));

/** What was recorded, played in a home of its own to a simulator of its own. */
async function replay(generation: GenerationId, name: string, flags: Flags = {}): Promise<void> {
  const trace = readTrace(generation, name);
  const home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-replay-'));
  let sim: RunningComfySim | undefined;
  try {
    const timeScale = timeScaleOf(trace);
    sim = await startComfySim({ home, profile: 'cpu', generation, timeScale, toys: true, ...flags });
    if (trace.meta.has('warm')) await warmUp(sim.url, trace);
    if (trace.name === 'recipes-validation') await takeNumbers(sim.url, 16);
    await prepareHome(home, trace);
    const agrees: Agrees = (recorded, answer, ids) => answerDifferences(recorded, answer, ids).length === 0;
    const played = await new Player(sim.url, trace, (note) => prepareFiles(home, trace, note), agrees).play();
    expect(verdict(played)).toEqual([]);
  } finally {
    await sim?.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

const looksWhileItRuns = ([generation, name]: Recording): boolean =>
  asks(readTrace(generation, name), '/interrupt', '/queue');

/** Of this `describe` alone, which the types do not know yet; what failed at first is shown. */
const thisRecording = { entireDescribe: true, logErrorsBeforeRetry: true };

// Several at once: they mostly wait for each other.
describe('the recording', () => {
  it.concurrent.each(traces.filter((recording) => !looksWhileItRuns(recording)))(
    '%s %s plays the same against the simulator',
    replay,
  );
});
describeNeeds(findFfmpeg(), 'ffmpeg')('the recording', () => {
  it.concurrent.each(films)('%s %s plays the same against the simulator', replay);
});

// These look at a prompt, or interrupt it, while it runs. The worker does not wait for the client, as no server does:
// where this process stands still for longer than a step between the frame and the request that followed it, the
// prompt is further than it was in the recording. Nor could a clock hold it until the client has acted everywhere:
// `absent-socket` asks without any socket, `interrupt-global` half a second after a frame in the middle of a step,
// and there only time tells the moment. So each has the process to itself. A wrong simulator is wrong every time.
describe.each(traces.filter(looksWhileItRuns))('the recording %s %s', (generation, name, flags) => {
  jest.retryTimes(3, thisRecording);
  it('plays the same against the simulator', () => replay(generation, name, flags));
});

/** The prompt that ran before a recording with number 0 already taken. */
const warmPrompt = {
  1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'anime_sd15.safetensors' } },
  4: { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: 'a tower at dusk' } },
  5: { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: 'lowres' } },
  9: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
  10: {
    class_type: 'KSampler',
    inputs: {
      model: ['1', 0],
      seed: 1,
      steps: 1,
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
  12: { class_type: 'SaveImage', inputs: { images: ['11', 0], filename_prefix: 'warm' } },
};

async function warmUp(url: string, trace: Trace): Promise<void> {
  const id = /"prompt": \[0, "([0-9a-f-]{36})"/.exec(
    trace.events.map((event) => dumpJson(event.value('json'))).join('\n'),
  )?.[1];
  await fetch(`${url}/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt: warmPrompt, ...(id === undefined ? {} : { prompt_id: id }) }),
  });
  await untilIdle(url);
}

async function untilIdle(url: string): Promise<void> {
  for (;;) {
    const { exec_info: info } = (await (await fetch(`${url}/prompt`)).json()) as {
      exec_info: { queue_remaining: number };
    };
    if (info.queue_remaining === 0) return;
    await sleep(10);
  }
}

/** The recorded server had run other prompts before. */
async function takeNumbers(url: string, count: number): Promise<void> {
  const prompt = {
    1: { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color: 0 } },
    2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  };
  for (let taken = 0; taken < count; taken += 1)
    await fetch(`${url}/prompt`, { method: 'POST', body: JSON.stringify({ prompt }) });
  await untilIdle(url);
}

async function prepareHome(home: string, trace: Trace): Promise<void> {
  if (trace.name.startsWith('recipes')) {
    for (const name of ['still.png', 'job/still.png', 'refs/hero.png'])
      put(home, `input/${name}`, await noise(64, 64, 20_000));
    put(home, 'input/loop.mp4', Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42', 'latin1'), Buffer.alloc(64)]));
  }
  if (trace.name === 'outputs-core') put(home, 'input/r.png', await Picture.solid(0xc80a0a, 32, 32).png(4));
  if (trace.name !== 'view-variants') return;
  for (const [file, text] of [
    ['a.html', '<p>x</p>'],
    ['a.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a.js', '1'],
    ['a.txt', 'hello'],
    ['a.json', '{}'],
    ['a.mp4', `\0\0\0\x18ftypmp42${'\0'.repeat(64)}`],
  ])
    put(home, `output/d/${file}`, text ?? '');
  put(home, 'output/d/q"uote.png', redSquare);
  put(home, 'output/d/a.bin', Buffer.from(Array.from({ length: 256 }, (_, index) => index)));
}

/** Files the recorder put on the server's disk by hand. */
async function prepareFiles(home: string, trace: Trace, note: string): Promise<void> {
  if (trace.name === 'cached-repeat' && note.includes('output file deleted'))
    rmSync(path.join(home, 'output', 'cached_00001_.png'));
  if (trace.name === 'outputs-vhs' && note.startsWith('VHS_LoadVideo of an mp4')) {
    copyFileSync(path.join(home, 'output', 'v', 'loop_00001.mp4'), path.join(home, 'input', 'loop.mp4'));
  }
  if (trace.name === 'view-and-upload' && note === 'view') {
    put(home, 'output/job/A/n_00001_.png', await noise(200, 100, 60263));
    for (const [file, text] of [
      ['page.html', '<b>x</b>'],
      ['data.json', '{}'],
      ['noext', 'x'],
      ['a.webp', 'x'],
      ['a.latent', 'x'],
      ['s.svg', '<svg/>'],
    ]) {
      put(home, `output/${file}`, text ?? '');
    }
    put(home, 'output/clip.mp4', Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42', 'latin1'), Buffer.alloc(2000)]));
  }
}

function put(home: string, file: string, content: string | Buffer): void {
  mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
  writeFileSync(path.join(home, file), content);
}

/** Padded to the length that the recorded ranges speak of. */
async function noise(width: number, height: number, length: number): Promise<Buffer> {
  const pixels = Buffer.from(
    Array.from({ length: width * height * 4 }, (_, index) => (index % 4 === 3 ? 77 : (index * 7919) % 128)),
  );
  const png = await sharp(pixels, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
  const bare = withText(png, new Map());
  return withText(png, new Map([['p', 'x'.repeat(length - bare.length - 14)]]));
}
