import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gpuConfig, isOver, type ArtifactView, type JobView } from '@tower/contracts';
import { findFfmpeg, readMoving, sha256File } from '@tower/imaging';
import {
  createTestDatabase,
  itNeeds,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import sharp from 'sharp';
import { RenderingHarness } from '../harness/rendering-harness';
import { Attempt } from './jobs/attempt.entity';
import { JobEvent } from './jobs/job-event.entity';
import { RuntimeSample } from './jobs/runtime-sample.entity';

/** A busy machine encodes, decodes and copies films slowly. */
jest.setTimeout(180_000);

/**
 * Real here: PostgreSQL, NATS, HTTP, files, ffmpeg, and a simulated card with node packs as a process. Projects and
 * quality are played.
 */

let database: TestDatabase;
let nats: TestNats;
let card: SimProcess;
let harness: RenderingHarness;

const withFfmpeg = itNeeds(findFfmpeg(), 'ffmpeg');
let seed = 11;
/** Each another film than those before, which the card would have ready. */
const aLoop = () =>
  ({
    job_type: 'animation_loop',
    preset: 'draft',
    prompt: 'a girl with blue hair, wind',
    width: 128,
    height: 128,
    steps: 4,
    seed: seed++,
  }) as const;

beforeAll(async () => {
  [nats, database, card] = await Promise.all([
    startTestNats(),
    createTestDatabase('rendering'),
    new SimProcess('rtx3060', 'rtx3060').start(),
  ]);
  harness = await RenderingHarness.on(database.url, nats.url, [gpuConfig.parse({ name: card.name, url: card.url })]);
  await harness.startLeader(undefined, { limits: { outputTries: { most: 15, everyMs: 500 } } });
});
afterAll(async () => {
  await harness.close();
  await Promise.all([card.close(), database.drop(), nats.close()]);
});
afterEach(() => card.clearFaults());

function ended(id: string): Promise<JobView> {
  return waitFor(
    async () => {
      await harness.judge('passed');
      const job = await harness.job(id);
      return isOver(job.status) ? job : undefined;
    },
    { timeoutMs: 90_000, describe: `job ${id} to end` },
  );
}
const artifactsOf = async (job: JobView): Promise<ArtifactView[]> =>
  (await harness.reader.artifacts({ id: job.id, limit: 50 })).items;
const sidecarOf = async (artifact: ArtifactView): Promise<Record<string, Record<string, unknown>>> =>
  JSON.parse(await readFile(join(harness.libraryRoot, artifact.path.replace(/\.\w+$/, '.json')), 'utf8')) as Record<
    string,
    Record<string, unknown>
  >;
/** Files that the library keeps of jobs of no episode, by name. */
const unfiled = (): string[] => {
  const folder = join(harness.libraryRoot, 'night-train', 'unfiled');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};
/** What ends of attempts say, by number. */
const endings = (job: JobView): (string | undefined)[] =>
  job.tasks[0]?.attempts.map((attempt) => attempt.error?.code ?? attempt.state) ?? [];

withFfmpeg('makes a loop of the promised frames, and keeps film, poster and provenance', async () => {
  const before = unfiled();
  const accepted = await harness.request(aLoop());
  expect(accepted).toMatchObject({
    workflow: 'loop-animatediff',
    frame_count: 16,
    fps: 8,
    duration_seconds: 2,
    width: 128,
    height: 128,
  });
  const job = await ended(accepted.job_id);
  expect(job).toMatchObject({
    status: 'completed',
    frames_complete: 16,
    frames_total: 16,
    frame_count: 16,
    fps: 8,
    error: null,
  });

  const [artifact] = await artifactsOf(job);
  if (!artifact) throw new Error('no film was kept');
  expect(artifact).toMatchObject({
    media_type: 'video/mp4',
    width: 128,
    height: 128,
    frames: 16,
    fps: 8,
    duration_seconds: 2,
    simulated: true,
  });
  expect(artifact.path).toMatch(/^night-train\/unfiled\/[0-9a-f-]{36}-a1-1\.mp4$/);
  const film = join(harness.libraryRoot, artifact.path);
  expect(await sha256File(film)).toBe(artifact.sha256);
  expect(await readMoving(film, () => undefined)).toMatchObject({ frames: 16, width: 128, height: 128 });
  expect(
    await sharp(
      join(harness.libraryRoot, '.thumbnails', artifact.sha256.slice(0, 2), `${artifact.sha256}.webp`),
    ).metadata(),
  ).toMatchObject({ format: 'webp', width: 128, height: 128 });
  // The picture that the node writes beside its film is no result.
  expect(unfiled().filter((name) => !before.includes(name))).toEqual([`${job.id}-a1-1.json`, `${job.id}-a1-1.mp4`]);

  expect((await sidecarOf(artifact))['artifact']).toMatchObject({
    frames: 16,
    fps: 8,
    duration_seconds: 2,
    provenance_in_container: true,
  });
  const { stdout } = spawnSync(findFfmpeg()!, ['-loglevel', 'error', '-i', film, '-f', 'ffmetadata', '-'], {
    encoding: 'utf8',
  });
  expect(stdout.replaceAll('\\', '')).toContain(`"job":{"id":"${job.id}"`);
  const sample = await harness.db.manager.findOneByOrFail(RuntimeSample, { attemptId: artifact.attempt_id });
  expect(sample).toMatchObject({ frames: 16, width: 128, height: 128, steps: 4 });
  const rendered = await harness.db.manager.findOneByOrFail(JobEvent, {
    jobId: job.id,
    type: 'rendering.v1.attempt_rendered',
  });
  expect(rendered.data).toMatchObject({
    expectedFrames: 16,
    jobType: 'animation_loop',
    files: [{ mediaType: 'video/mp4', frames: 16 }],
  });
});

withFfmpeg('makes a video of the promised frames from text', async () => {
  const accepted = await harness.request({
    job_type: 'full_video',
    workflow: 'video-wan21-t2v',
    preset: 'draft',
    prompt: 'a girl walks through rain',
    width: 128,
    height: 160,
    frame_count: 9,
    fps: 12,
    steps: 2,
    seed: 5,
  });
  expect(accepted).toMatchObject({ frame_count: 9, fps: 12, duration_seconds: 0.75 });
  const job = await ended(accepted.job_id);
  expect(job).toMatchObject({
    status: 'completed',
    job_type: 'full_video',
    frames_complete: 9,
    frames_total: 9,
    error: null,
  });
  expect((await artifactsOf(job))[0]).toMatchObject({
    media_type: 'video/mp4',
    width: 128,
    height: 160,
    frames: 9,
    fps: 12,
  });
});

withFfmpeg('uses a finished picture as the reference of a loop', async () => {
  const still = await ended(
    (await harness.request({ prompt: 'a girl with blue hair', width: 128, height: 128, steps: 2, seed: 3 })).job_id,
  );
  const [picture] = await artifactsOf(still);
  const { job_id } = await harness.request({
    ...aLoop(),
    lora_models: ['style.safetensors'],
    ipadapter_refs: [picture?.id ?? ''],
    ipadapter_weight: 0.7,
  });
  const job = await ended(job_id);
  expect(job).toMatchObject({
    status: 'completed',
    references: [{ kind: 'ipadapter', image: 'reference-1', weight: 0.7 }],
    loras: [{ file: 'style.safetensors' }],
    images: { 'reference-1': { path: picture?.path, sha256: picture?.sha256 } },
  });
  const [params] = (await harness.reader.params({ id: job_id, limit: 50 })).items;
  const classes = Object.values(params?.graph ?? {}).map((node) => (node as { class_type: string }).class_type);
  expect(classes).toEqual(expect.arrayContaining(['LoadImage', 'IPAdapterAdvanced', 'LoraLoader']));
  expect(existsSync(join(card.home, 'input', 'tower', `${picture?.sha256.slice(0, 16)}.png`))).toBe(true);
});

withFfmpeg(
  'puts frames in between of a film with sound, in its own size, and refuses what it does not have',
  async () => {
    await mkdir(join(harness.libraryRoot, 'night-train'), { recursive: true });
    const film = join(harness.libraryRoot, 'night-train', 'walk.mp4');
    // No multiples of 8, as 854 × 480 is none.
    const made = spawnSync(findFfmpeg()!, [
      '-y',
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      'testsrc=s=106x66:r=8:d=1',
      '-f',
      'lavfi',
      '-i',
      'sine=d=1',
      '-c:v',
      'mpeg4',
      '-c:a',
      'aac',
      film,
    ]);
    expect(made.status).toBe(0);
    const body = {
      job_type: 'animation_loop',
      workflow: 'interpolate-rife',
      prompt: '',
      preset: 'standard',
      parameters: { start_film: 'night-train/walk.mp4' },
    } as const;
    const accepted = await harness.request(body);
    expect(accepted).toMatchObject({
      width: 106,
      height: 66,
      frame_count: 16,
      fps: 16,
      duration_seconds: 1,
      sound: true,
      warnings: [],
    });
    const job = await ended(accepted.job_id);
    expect(job).toMatchObject({
      status: 'completed',
      frame_count: 16,
      fps: 16,
      cfg_scale: null,
      sampler_name: null,
      warnings: [],
    });
    const [artifact] = await artifactsOf(job);
    expect(artifact).toMatchObject({
      attempt: 1,
      frames: 16,
      width: 106,
      height: 66,
      duration_seconds: 1,
      sound: true,
    });
    const { stderr } = spawnSync(
      findFfmpeg()!,
      ['-i', join(harness.libraryRoot, artifact?.path ?? ''), '-map', '0:a', '-f', 'null', '-'],
      { encoding: 'utf8' },
    );
    expect(stderr).toMatch(/Duration: 00:00:01\.0[0-5]/);

    // No node says that it lost the sound: it shows in the file alone, and the next try would lose it too.
    await card.fault({ kind: 'lost-sound', node: 'VHS_LoadVideo' });
    const quiet = await ended((await harness.request({ ...body, frame_count: 6 })).job_id);
    expect(endings(quiet)).toEqual(['succeeded']);
    expect((await artifactsOf(quiet))[0]).toMatchObject({ frames: 12, sound: false });
    expect(quiet.warnings.at(-1)).toMatch(/\.mp4 has no sound: the nodes lost what was to be kept$/);

    await expect(harness.request({ ...body, frame_count: 60 })).rejects.toMatchObject({
      options: { fields: [{ pointer: '/frame_count', message: expect.stringContaining('has 8 frames') as string }] },
    });
  },
);

withFfmpeg('begins a film with a picture in the proportions of the picture', async () => {
  await mkdir(join(harness.libraryRoot, 'night-train'), { recursive: true });
  await sharp({ create: { width: 1200, height: 800, channels: 3, background: '#336699' } })
    .png()
    .toFile(join(harness.libraryRoot, 'night-train', 'wide.png'));
  const body = {
    job_type: 'full_video',
    workflow: 'video-wan22-5b',
    preset: 'draft',
    prompt: 'rain',
    frame_count: 5,
    steps: 1,
    start_image: 'night-train/wide.png',
  } as const;
  const accepted = await harness.request(body);
  expect(accepted).toMatchObject({ width: 576, height: 384, warnings: [] });
  const job = await ended(accepted.job_id);
  expect(endings(job)).toEqual(['succeeded']);
  expect((await artifactsOf(job))[0]).toMatchObject({ width: 576, height: 384, frames: 5, sound: false });
});

withFfmpeg('takes a black film for a failed attempt and renders it again', async () => {
  await card.fault({ kind: 'black-image', node: 'VAEDecode', times: 1 });
  const job = await ended((await harness.request(aLoop())).job_id);
  expect(endings(job)).toEqual(['output_black', 'succeeded']);
  expect(job).toMatchObject({
    status: 'completed',
    tasks: [{ recovery: [expect.objectContaining({ because: 'black_output', after_attempt: 1 })] }],
  });
  expect(await artifactsOf(job)).toHaveLength(1);
});

withFfmpeg.each([
  ['truncated-file', /^output_(undecodable|wrong_frames|truncated)$/],
  ['empty-file', /^output_empty$/],
])('takes a film with %s for a failed attempt and renders it again', async (kind, code) => {
  await card.fault({ kind, node: 'VHS_VideoCombine', times: 1 });
  const job = await ended((await harness.request(aLoop())).job_id);
  expect(endings(job)[0]).toMatch(code);
  expect(job.status).toBe('completed');
  expect(await harness.db.manager.countBy(Attempt, { jobId: job.id, state: 'succeeded' })).toBe(1);
});
