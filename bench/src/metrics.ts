import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import {
  OnnxModel,
  ScoringThread,
  areaUnderRoc,
  arcfaceInput,
  assignCast,
  bootstrapAucInterval,
  ccipInput,
  classifierInput,
  cvBilinear,
  decodePicture,
  decodeScrfd,
  dinoInput,
  findHolds,
  frameConsistency,
  loopSeam,
  lpipsFromPair,
  lpipsPicture,
  measureLevels,
  modelContracts,
  motionSmoothness,
  onnxInterpolator,
  paletteAdherence,
  pilBicubic,
  pilBilinear,
  scrfdInput,
  structuralSimilarity,
  temporalFlickering,
  torchBicubicNoAA,
  warpAffineBilinear,
  wdInput,
  yoloInput,
  type ModelEntry,
  type Rgb,
} from '@tower/imaging';
import { python } from './metrics-python';
import { keys, plainResample, triangle } from './plain-resample';
import { summarise, type Summary } from './statistics';

/**
 * Cost of every metric at stated sizes on one thread, in milliseconds, and what scoring does to the event loop.
 * Networks are the fixtures' probes: LPIPS has its real architecture, the others cost next to nothing, so their figure
 * is our own part. `TOWER_PYTHON` names an interpreter with numpy, Pillow, opencv, scikit-image and onnxruntime; its
 * packages are then timed in the same run, on one thread too.
 */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 9);
const models = resolve(__dirname, '../../libs/imaging/test-data/quality/models');

function noise(width: number, height: number, seed: number): Rgb {
  const data = new Uint8Array(width * height * 3);
  let x = seed >>> 0;
  for (let at = 0; at < data.length; at += 1) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    data[at] = x >>> 24;
  }
  return { width, height, channels: 3, data };
}

async function time(work: () => unknown): Promise<Summary> {
  // Compiled on the first calls.
  for (let warm = 0; warm < 3; warm += 1) await work();
  const values: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    await work();
    values.push(performance.now() - before);
  }
  return summarise(values);
}

/** What is measured, made once. */
type Material = Awaited<ReturnType<typeof prepare>>;

async function prepare() {
  const large = noise(1024, 1024, 1);
  const other = noise(1024, 1024, 2);
  const wide = noise(1280, 720, 3);
  const face = noise(112, 112, 4);
  const frames = Array.from({ length: 16 }, (_, index) => noise(456, 256, 10 + index));
  const lpips = await OnnxModel.open(join(models, 'lpips_rand.onnx'), modelContracts.lpips_pair);
  const blend = await OnnxModel.open(join(models, 'blend.onnx'), modelContracts.interpolator);
  const scrfd = await OnnxModel.open(join(models, 'probe_scrfd.onnx'), modelContracts.scrfd);
  const distance = lpipsFromPair(lpips);
  const [small, smallOther] = [lpipsPicture(large), lpipsPicture(other)];
  const prepared = scrfdInput(wide);
  const outputs = Object.values(
    await scrfd.run({ [scrfd.inputName()]: { data: prepared.planes, dims: [1, 3, 640, 640] } }),
  );
  const embeddings = Array.from({ length: 120 }, (_, index) =>
    Float32Array.from(noise(16, 16, index + 1).data.subarray(0, 384)),
  );
  const scores = { positives: embeddings[0]!.slice(0, 100), negatives: embeddings[1]!.slice(0, 100) };
  const labelled = { positives: [...scores.positives], negatives: [...scores.negatives] };
  const cosines = Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 8 }, (_unused, column) => ((row * 7 + column * 3) % 10) / 10),
  );
  const png = await sharp(large.data, { raw: { width: 1024, height: 1024, channels: 3 } })
    .png()
    .toBuffer();
  return {
    large,
    other,
    wide,
    face,
    frames,
    distance,
    small,
    smallOther,
    prepared,
    outputs,
    embeddings,
    labelled,
    cosines,
    png,
    opened: { lpips, blend, scrfd },
  };
}

/** Once for each picture. */
function perPicture({
  large,
  other,
  wide,
  face,
  distance,
  small,
  smallOther,
  prepared,
  outputs,
  labelled,
  cosines,
  png,
}: Material): Readonly<Record<string, () => unknown>> {
  return {
    'decode png 1024x1024': () => decodePicture(png),
    'levels (black, uniform, nan) 1024x1024': () => measureLevels(large),
    'pillow bilinear 1024x1024 to 384x384': () => pilBilinear(large, { width: 384, height: 384 }),
    'pillow bicubic 1024x1024 to 448x448': () => pilBicubic(large, { width: 448, height: 448 }),
    'plain port of pillow bilinear 1024x1024 to 384x384': () => plainResample(large, 384, 384, triangle),
    'plain port of pillow bicubic 1024x1024 to 448x448': () => plainResample(large, 448, 448, keys),
    'opencv bilinear 1280x720 to 640x360': () => cvBilinear(wide, { width: 640, height: 360 }),
    'torch bicubic 1280x720 to 398x224': () => torchBicubicNoAA(wide, { width: 398, height: 224 }),
    'warp affine 1024x1024 to 112x112': () =>
      warpAffineBilinear(large, [0.1, 0.02, -3, -0.02, 0.1, 4], { width: 112, height: 112 }),
    'ccip input 1024x1024': () => ccipInput(large),
    'arcface input 112x112': () => arcfaceInput(face),
    'dino input 1280x720': () => dinoInput(wide),
    'wd input 1280x720': () => wdInput(wide),
    'classifier input 1024x1024': () => classifierInput(large),
    'yolo input 1280x720': () => yoloInput(wide, { width: 640, height: 640 }),
    'scrfd input 1280x720': () => scrfdInput(wide),
    'scrfd decode 640': () => decodeScrfd(outputs, prepared.scale),
    'ssim wang 1024x1024': () => structuralSimilarity(large, other),
    'palette adherence 1024x1024': () => paletteAdherence(large, ['#ff0000', '#00ff00', '#0000ff']),
    'lpips pair 256x256': () => distance(small, smallOther),
    'lpips resize and pair 1024x1024': () => distance(lpipsPicture(large), lpipsPicture(other)),
    'assignment 8x8': () => assignCast(cosines),
    'auc 100 and 100': () => areaUnderRoc(labelled),
    'auc interval 100 and 100, 1000 replicates': () => bootstrapAucInterval(labelled, { seed: 1, replicates: 1000 }),
  };
}

/** Once for each film; by the frame. */
function perClip({
  wide,
  frames,
  distance,
  embeddings,
  opened: { blend },
}: Material): Readonly<Record<string, readonly [frames: number, work: () => unknown]>> {
  return {
    'resize to short side 256 from 1280x720': [1, () => lpipsPicture(wide)],
    'temporal lpips 456x256': [1, () => distance(frames[0]!, frames[1]!)],
    'flicker 456x256': [16, () => temporalFlickering(frames)],
    'holds 456x256': [16, () => findHolds(frames)],
    'loop seam, pixels, 456x256': [
      16,
      () =>
        loopSeam(
          frames,
          frames.map(() => 1),
          { kind: 'mae' },
        ),
    ],
    'smoothness with the blend probe 456x256': [16, () => motionSmoothness(frames, onnxInterpolator(blend, 16))],
    'consistency of 120 embeddings of 384': [120, () => frameConsistency(embeddings)],
  };
}

async function main(): Promise<void> {
  sharp.concurrency(1);
  const material = await prepare();
  const picture: Record<string, Summary> = {};
  for (const [name, work] of Object.entries(perPicture(material))) picture[name] = await time(work);
  const frame: Record<string, Summary> = {};
  for (const [name, [count, work]] of Object.entries(perClip(material))) frame[name] = divided(await time(work), count);
  for (const model of Object.values(material.opened)) await model.close();

  const result = {
    benchmark: 'metrics',
    unit: 'ms',
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
    settings: { rounds, threads: 1 },
    per_picture: picture,
    per_frame: frame,
    event_loop_lag_while_scoring: await eventLoopLag(material.large, material.other),
    python: timePython(),
    goals: { event_loop_lag_p99: 20, resample_over_plain_port_at_most: 2 },
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

function divided(summary: Summary, by: number): Summary {
  const share = (value: number): number => Math.round((value / by) * 1000) / 1000;
  return {
    n: summary.n,
    p50: share(summary.p50),
    p90: share(summary.p90),
    p99: share(summary.p99),
    max: share(summary.max),
  };
}

/**
 * Everything a large picture is asked, one after the other for some seconds, in the scoring thread and on the loop
 * itself.
 */
async function eventLoopLag(a: Rgb, b: Rgb): Promise<object> {
  const sha256 = createHash('sha256')
    .update(readFileSync(join(models, 'lpips_rand.onnx')))
    .digest('hex');
  const entry: ModelEntry = {
    id: 'lpips',
    contract: 'lpips_pair',
    file: 'lpips_rand.onnx',
    url: 'https://example.org/',
    licence: 'test data',
    nonCommercial: false,
    sha256,
  };
  const thread = new ScoringThread({ entries: [entry], folder: models, options: {} });
  const model = await OnnxModel.open(join(models, 'lpips_rand.onnx'), modelContracts.lpips_pair);
  const distance = lpipsFromPair(model);
  await thread.ask('perceptualDistance', ['lpips', a, b]);
  const measure = async (score: () => Promise<void>): Promise<object> => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const until = performance.now() + 4_000;
    let scored = 0;
    while (performance.now() < until || scored < 5) {
      await score();
      // Lets the loop turn where the work never does: only a turn is measured.
      await sleep(3);
      scored += 1;
    }
    delay.disable();
    const milliseconds = (value: number): number => Math.round(value / 1e4) / 100;
    return {
      scored,
      p50: milliseconds(delay.percentile(50)),
      p99: milliseconds(delay.percentile(99)),
      max: milliseconds(delay.max),
    };
  };
  const idle = await measure(() => sleep(5));
  const inThread = await measure(async () => {
    await thread.ask('perceptualDistance', ['lpips', a, b]);
    await thread.ask('structuralSimilarity', [a, b]);
    await thread.ask('measureLevels', [a]);
  });
  const onLoop = await measure(async () => {
    await distance(lpipsPicture(a), lpipsPicture(b));
    structuralSimilarity(a, b);
    measureLevels(a);
  });
  await thread.close();
  await model.close();
  return {
    work: 'lpips, ssim and levels of two pictures of 1024x1024',
    idle,
    scoring_thread: inThread,
    without_thread: onLoop,
  };
}

function timePython(): unknown {
  const interpreter = process.env['TOWER_PYTHON'];
  if (interpreter === undefined) return 'not run: TOWER_PYTHON names no interpreter';
  const folder = mkdtempSync(join(tmpdir(), 'tower-bench-'));
  try {
    const script = join(folder, 'reference.py');
    writeFileSync(script, python);
    const threads = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    // The runtime for Python keeps and sends what ours is kept from by @tower/imaging.
    const env = { ...process.env, ...threads, ORT_DISABLE_TELEMETRY: '1' };
    const { status, stdout, stderr } = spawnSync(interpreter, [script, models, String(rounds)], {
      encoding: 'utf8',
      env,
    });
    if (status !== 0) return `not run: ${stderr.trim().split('\n').at(-1) ?? 'the interpreter did not start'}`;
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
