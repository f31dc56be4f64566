// Real: PostgreSQL, pictures in a folder, sharp. The bus is played: the service is given events and deliveries.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { deliveryOf, maxDeliveries } from '@tower/bus';
import { attemptJudged, attemptRendered, type DataOf, type EventOf, type ScoreView } from '@tower/contracts';
import { databaseFor, Outbox } from '@tower/db';
import { createLogger, Metrics, newId, repositoryRoot } from '@tower/kit';
import { createTestDatabase, FixedClock, itNeeds, type TestDatabase } from '@tower/testing';
import { DecoderDied, findFfmpeg } from '@tower/imaging';
import sharp from 'sharp';
import type { DataSource } from 'typeorm';
import { DeadlyFiles } from './deadly-files';
import { FileFindings } from './file-findings';
import { FileInspector } from './file-inspector';
import { QualityMetrics } from './quality.metrics';
import { qualityEntities } from './quality.module';
import { QualityService } from './quality.service';
import { VerdictsReader } from './verdicts.reader';

const first = deliveryOf(1);
const last = deliveryOf(maxDeliveries);

let database: TestDatabase;
let db: DataSource;
let root: string;
let metrics: Metrics;
let quality: QualityService;
let reader: VerdictsReader;
let noise: Buffer;
/** Closed after each spec. */
let inspector: FileInspector;

const logger = createLogger('test', 'silent');

/** What is compiled: the processes run no TypeScript. */
const inspectorOf = (folder: string): FileInspector =>
  new FileInspector(folder, { script: join(repositoryRoot, 'apps', 'quality', 'dist', 'inspecting-process.js') });
const serviceWith = (files: Pick<FileInspector, 'inspect'>, counters = new Metrics('quality')): QualityService => {
  metrics = counters;
  const clock = new FixedClock();
  const counts = new QualityMetrics(metrics);
  const findings = new FileFindings(files as FileInspector, new DeadlyFiles(db), counts, clock, logger);
  return new QualityService(db, new Outbox('quality', clock), findings, counts, clock, logger);
};

beforeAll(async () => {
  noise = await picture(64, 64);
});

beforeEach(async () => {
  database = await createTestDatabase('quality');
  db = await databaseFor({
    url: database.url,
    schema: 'quality',
    service: 'quality',
    entities: qualityEntities,
  }).initialize();
  root = mkdtempSync(join(tmpdir(), 'tower-quality-'));
  // As in every library that was ever used; without anything in it, it is one whose disk is not mounted.
  mkdirSync(join(root, '.incoming'));
  inspector = inspectorOf(root);
  quality = serviceWith(inspector);
  reader = new VerdictsReader(db);
});
afterEach(async () => {
  await inspector.onApplicationShutdown();
  await db.destroy();
  await database.drop();
  rmSync(root, { recursive: true });
});

const picture = (width: number, height: number): Promise<Buffer> =>
  sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
const flat = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 64, height: 64, channels: 3, background } })
    .png()
    .toBuffer();

type Rendered = DataOf<typeof attemptRendered>;

function fileOf(path: string, bytes: Buffer): Rendered['files'][number] {
  return {
    artifactId: newId(),
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    mediaType: 'image/png',
  };
}

/** Puts the picture where the event says it is. */
function stored(bytes: Buffer, path = `été/unfiled/${newId()}.png`): Rendered['files'][number] {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
  return fileOf(path, bytes);
}

const aRendered = (facts: Partial<Rendered>): EventOf<typeof attemptRendered> => ({
  id: newId(),
  type: attemptRendered.type,
  time: '2026-01-01T12:00:00.000Z',
  source: 'rendering',
  correlationId: newId(),
  data: {
    jobId: newId(),
    projectId: newId(),
    seq: 5,
    state: 'quality_check',
    taskId: newId(),
    attemptId: newId(),
    attempt: 1,
    gpu: 'rtx3060',
    seconds: 3,
    expectedWidth: 64,
    expectedHeight: 64,
    characterIds: [],
    judge: true,
    files: [],
    ...facts,
  },
});

async function announced(): Promise<EventOf<typeof attemptJudged>[]> {
  const rows: { payload: unknown }[] = await db.query('select payload from outbox order by id');
  return rows.map((row) => attemptJudged.parse(row.payload));
}
const scoreOf = (scores: ScoreView[] | undefined, metric: string): ScoreView | undefined =>
  scores?.find((score) => score.metric === metric);

describe('judging an attempt', () => {
  it('passes a good picture, stores every score and tells who asked', async () => {
    const event = aRendered({ files: [stored(noise)], characterIds: [newId()] });
    await quality.judge(event, first);
    const [judged] = await announced();
    const { jobId, projectId, taskId, attemptId } = event.data;
    expect(judged).toMatchObject({
      correlationId: event.correlationId,
      causationId: event.id,
      data: { jobId, projectId, taskId, attemptId, verdict: 'passed', reasons: [] },
    });
    expect(scoreOf(judged?.data.scores, 'identity')).toMatchObject({ state: 'not_computed', reason: 'model_missing' });
    const view = await reader.getJobQuality({ job_id: jobId, limit: 50 });
    expect(view).toEqual({
      job_id: jobId,
      attempts: [
        {
          attempt_id: attemptId,
          task_id: taskId,
          verdict: 'passed',
          reasons: [],
          scores: judged?.data.scores,
          judged_at: '2026-01-01T12:00:00.000Z',
        },
      ],
    });
  });

  it('keeps the numbers behind a failed guard', async () => {
    await quality.judge(aRendered({ files: [stored(await flat('#000000'))] }), first);
    expect((await announced())[0]?.data).toMatchObject({ verdict: 'failed', reasons: ['not_black', 'not_uniform'] });
    const [row]: { value: number; threshold: number; measured: unknown }[] = await db.query(
      "select value, threshold, measured from quality_score where metric = 'not_black'",
    );
    expect(row).toEqual({
      value: 0,
      threshold: 2,
      measured: { all: { mean: 0, std: 0 }, luma: { mean: 0, std: 0 }, zeroCellRatio: 1 },
    });
  });

  it('fails the attempt when one of several pictures fails, and shows the worst', async () => {
    await quality.judge(aRendered({ files: [stored(noise), stored(await picture(32, 64)), stored(noise)] }), first);
    const [judged] = await announced();
    expect(judged?.data).toMatchObject({ verdict: 'failed', reasons: ['resolution'] });
    expect(scoreOf(judged?.data.scores, 'resolution')).toMatchObject({ value: 0.5, passed: false });
    expect(await db.query("select value from quality_score where metric = 'resolution' order by value")).toEqual([
      { value: 0.5 },
      { value: 1 },
      { value: 1 },
    ]);
  });

  it('leaves alone what nobody wants judged', async () => {
    await quality.judge(aRendered({ judge: false, files: [fileOf('not/there.png', noise)] }), first);
    expect(await announced()).toEqual([]);
    expect(await db.query('select 1 from inbox')).toEqual([]);
  });

  it('says the same once, however often and under whatever id the event comes', async () => {
    const event = aRendered({ files: [stored(noise)] });
    await Promise.all([quality.judge(event, first), quality.judge(event, first)]);
    await quality.judge(event, deliveryOf(2));
    await quality.judge({ ...event, id: newId() }, first);
    expect(await announced()).toHaveLength(1);
    expect(await db.query('select count(*)::int as n from verdict')).toEqual([{ n: 1 }]);
    expect(await metrics.registry.getSingleMetricAsString('quality_verdicts_total')).toContain(
      'quality_verdicts_total{verdict="passed",service="quality"} 1',
    );
  });

  it('does not look at the files again when the attempt is announced again', async () => {
    const event = aRendered({ files: [stored(noise)] });
    await quality.judge(event, first);
    rmSync(join(root, event.data.files[0]?.path ?? ''));
    await quality.judge({ ...event, id: newId(), data: { ...event.data, repeat: 1 } }, first);
    expect(await announced()).toHaveLength(1);
  });

  it('tells who asks for verdicts what it announced, and nothing of attempts that it did not judge', async () => {
    const passed = aRendered({ files: [stored(noise), stored(await picture(64, 64))], characterIds: [newId()] });
    const failed = aRendered({ files: [stored(await flat('#000000'))] });
    for (const event of [passed, failed]) await quality.judge(event, first);
    const verdicts = await reader.findVerdicts([failed.data.attemptId, newId(), passed.data.attemptId]);
    const byId = (a: { attemptId: string }, b: { attemptId: string }): number => a.attemptId.localeCompare(b.attemptId);
    expect(verdicts.sort(byId)).toEqual((await announced()).map((event) => event.data).sort(byId));
  });

  it('counts scores by metric and state, and measures its time', async () => {
    await quality.judge(aRendered({ files: [stored(noise)] }), first);
    const text = await metrics.registry.metrics();
    expect(text).toContain('quality_scores_total{metric="file_integrity",state="computed",service="quality"} 1');
    expect(text).toContain('quality_scores_total{metric="aesthetic",state="not_computed",service="quality"} 1');
    expect(text).toContain('quality_score_seconds_count{service="quality"} 1');
  });
});

describe('judging a film', () => {
  const withFfmpeg = itNeeds(findFfmpeg(), 'ffmpeg');
  /** A bar that goes round once in 16 frames: the frame after the last is the first. */
  const loopFrames = (count: number): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, (_, frame) =>
        Buffer.from(
          Array.from({ length: 64 * 64 * 3 }, (_unused, at) =>
            Math.round(127 + 100 * Math.sin(2 * Math.PI * ((Math.floor(at / 3) % 64) / 64 + frame / 16))),
          ),
        ),
      ),
    );
  function film(frames: Buffer): Rendered['files'][number] {
    const path = join(root, `${newId()}.mp4`);
    const { status, stderr } = spawnSync(
      findFfmpeg() ?? '',
      [
        '-y',
        '-loglevel',
        'error',
        '-f',
        'rawvideo',
        '-pix_fmt',
        'rgb24',
        '-s',
        '64x64',
        '-r',
        '8',
        '-i',
        '-',
        '-c:v',
        'mpeg4',
        '-q:v',
        '2',
        path,
      ],
      { input: frames },
    );
    if (status !== 0) throw new Error(stderr.toString());
    const bytes = readFileSync(path);
    return { ...fileOf(relative(root, path), bytes), mediaType: 'video/mp4', frames: frames.length / (64 * 64 * 3) };
  }
  const judgedAs = async (file: Rendered['files'][number], facts: Partial<Rendered> = {}) => {
    await quality.judge(aRendered({ files: [file], expectedFrames: 16, jobType: 'animation_loop', ...facts }), last);
    return (await announced()).at(-1)?.data;
  };

  withFfmpeg('passes a loop that moves, closes and has its frames', async () => {
    const judged = await judgedAs(film(loopFrames(16)));
    expect(judged).toMatchObject({ verdict: 'passed', reasons: [] });
    expect(scoreOf(judged?.scores, 'frame_count')).toMatchObject({ state: 'computed', value: 1 });
    const seam = scoreOf(judged?.scores, 'loop_seam');
    expect(seam?.state === 'computed' && seam.value).toBeLessThan(1.25);
    expect(scoreOf(judged?.scores, 'temporal_lpips')).toEqual({
      state: 'not_computed',
      metric: 'temporal_lpips',
      reason: 'model_missing',
    });
  });

  withFfmpeg('fails a loop that jumps where it ends, and asks no seam of another film', async () => {
    const half = film(loopFrames(10));
    expect(await judgedAs(half, { expectedFrames: 10 })).toMatchObject({ verdict: 'failed', reasons: ['loop_seam'] });
    const judged = await judgedAs(half, { expectedFrames: 10, jobType: 'full_video' });
    expect(judged).toMatchObject({ verdict: 'passed' });
    expect(scoreOf(judged?.scores, 'loop_seam')).toEqual({
      state: 'not_applicable',
      metric: 'loop_seam',
      reason: 'not_a_loop',
    });
  });

  withFfmpeg('fails a film that lacks frames, stands still or is black', async () => {
    expect(await judgedAs(film(loopFrames(16)), { expectedFrames: 20 })).toMatchObject({ reasons: ['frame_count'] });
    const held = Buffer.concat(Array.from({ length: 16 }, () => loopFrames(1)));
    const still = await judgedAs(film(held));
    expect(still).toMatchObject({ verdict: 'failed', reasons: ['not_static'] });
    expect(scoreOf(still?.scores, 'motion_smoothness')).toEqual({
      state: 'not_applicable',
      metric: 'motion_smoothness',
      reason: 'static',
    });
    expect(await judgedAs(film(Buffer.alloc(64 * 64 * 3 * 16)))).toMatchObject({
      reasons: ['not_black', 'not_uniform', 'not_static'],
    });
  });

  withFfmpeg('fails a film that is cut off, and a still in a film’s place', async () => {
    const whole = film(loopFrames(16));
    const cut = readFileSync(join(root, whole.path)).subarray(0, 900);
    writeFileSync(join(root, 'cut.mp4'), cut);
    const judged = await judgedAs({ ...fileOf('cut.mp4', cut), mediaType: 'video/mp4', frames: 16 });
    expect(judged?.reasons).toContain('file_integrity');
    expect(scoreOf(judged?.scores, 'frame_count')).toEqual({
      state: 'not_computed',
      metric: 'frame_count',
      reason: 'decode_failed',
    });
    expect((await judgedAs(stored(noise)))?.reasons).toEqual(expect.arrayContaining(['frame_count', 'not_static']));
  });
});

describe('a file that is not there, or not whole', () => {
  it.each([
    ['missing', () => fileOf('été/later.png', noise)],
    ['cut short', () => ({ ...stored(noise.subarray(0, 900)), sha256: fileOf('', noise).sha256 })],
  ])('is waited for while it is %s', async (_, file) => {
    const event = aRendered({ files: [file()] });
    for (const delivery of [first, deliveryOf(maxDeliveries - 1)])
      await expect(quality.judge(event, delivery)).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'artifact_file_unavailable',
      });
    expect(await db.query('select 1 from inbox')).toEqual([]);
    stored(noise, event.data.files[0]?.path);
    await quality.judge(event, deliveryOf(3));
    expect((await announced())[0]?.data.verdict).toBe('passed');
  });

  it('ends in a verdict on the last delivery, because a job waits for one', async () => {
    const missing = aRendered({ files: [stored(noise), fileOf('été/never.png', noise)] });
    await quality.judge(missing, last);
    const [judged] = await announced();
    expect(judged?.data).toMatchObject({
      attemptId: missing.data.attemptId,
      verdict: 'failed',
      reasons: ['file_integrity', 'resolution', 'not_black', 'not_uniform'],
    });
    expect(scoreOf(judged?.data.scores, 'file_integrity')).toEqual({
      state: 'not_computed',
      metric: 'file_integrity',
      reason: 'file_missing',
    });
  });

  it('is judged by nothing while the whole library is away, whatever delivery it is', async () => {
    const event = aRendered({ files: [stored(noise)] });
    const elsewhere = `${root}-not-mounted`;
    renameSync(root, elsewhere);
    try {
      for (const delivery of [first, last])
        await expect(quality.judge(event, delivery)).rejects.toMatchObject({ code: 'library_unavailable' });
      expect(await announced()).toEqual([]);
    } finally {
      renameSync(elsewhere, root);
    }
    await quality.judge(event, last);
    expect((await announced())[0]?.data.verdict).toBe('passed');
  });

  it('is called altered when another file is in its place to the end', async () => {
    const file = { ...stored(await picture(64, 64)), sha256: fileOf('', noise).sha256 };
    await quality.judge(aRendered({ files: [file] }), last);
    const [judged] = await announced();
    expect(scoreOf(judged?.data.scores, 'file_integrity')).toMatchObject({
      state: 'computed',
      value: 0,
      passed: false,
    });
    expect(scoreOf(judged?.data.scores, 'not_black')).toMatchObject({ state: 'not_computed', reason: 'file_missing' });
  });

  it('is not waited for when its path leads out of the library', async () => {
    await quality.judge(aRendered({ files: [fileOf('../../etc/hostname', noise)] }), first);
    expect((await announced())[0]?.data.verdict).toBe('failed');
  });

  it('is not waited for when it was rendered broken', async () => {
    await quality.judge(aRendered({ files: [stored(noise.subarray(0, 900))] }), first);
    const [judged] = await announced();
    expect(judged?.data.verdict).toBe('failed');
    expect(scoreOf(judged?.data.scores, 'not_black')).toMatchObject({ state: 'not_computed', reason: 'decode_failed' });
  });
});

describe('measuring that fails by itself', () => {
  it('is tried again, and ends in a verdict on the last delivery', async () => {
    quality = serviceWith({ inspect: () => Promise.reject(new Error('out of file descriptors')) });
    const event = aRendered({ files: [fileOf('a.png', noise)] });
    await expect(quality.judge(event, deliveryOf(maxDeliveries - 1))).rejects.toThrow('out of file descriptors');
    await quality.judge(event, last);
    const [judged] = await announced();
    expect(judged?.data.verdict).toBe('failed');
    expect(scoreOf(judged?.data.scores, 'file_integrity')).toEqual({
      state: 'not_computed',
      metric: 'file_integrity',
      reason: 'decode_failed',
    });
  });
});

describe('a file that its decoder dies of', () => {
  const died = (): Promise<never> => Promise.reject(new DecoderDied("the decoder's process ended (SIGSEGV)"));

  it('is looked at twice and then judged without a decoder', async () => {
    const inspect = jest.fn(died);
    quality = serviceWith({ inspect });
    const event = aRendered({ files: [stored(noise)] });
    await quality.judge(event, first);
    expect(inspect).toHaveBeenCalledTimes(2);
    const [judged] = await announced();
    expect(judged?.data).toMatchObject({ verdict: 'failed' });
    expect(scoreOf(judged?.data.scores, 'file_integrity')).toEqual({
      state: 'not_computed',
      metric: 'file_integrity',
      reason: 'decode_failed',
    });
    expect(
      await db.query("select measured->'finding'->>'why' as why from quality_score where metric = 'file_integrity'"),
    ).toEqual([{ why: 'it killed its decoder twice' }]);
    expect(await metrics.registry.getSingleMetricAsString('quality_decoder_deaths_total')).toContain(
      'quality_decoder_deaths_total{service="quality"} 2',
    );
  });

  it('is not blamed for one death, nor for what it survived', async () => {
    const answers = [died, () => Promise.reject(new Error('odd')), died];
    quality = serviceWith({ inspect: (file) => (answers.shift() ?? (() => inspector.inspect(file)))() });
    const event = aRendered({ files: [stored(noise)] });
    await expect(quality.judge(event, first)).rejects.toThrow('odd');
    await quality.judge(event, deliveryOf(2));
    expect((await announced())[0]?.data.verdict).toBe('passed');
    expect(await db.query('select * from deadly_file')).toEqual([]);
  });

  it('is remembered over restarts, also when the whole service ended each time', async () => {
    const event = aRendered({ files: [stored(noise)] });
    const artifactId = event.data.files[0]?.artifactId ?? '';
    const files = new DeadlyFiles(db);
    for (let n = 1; n <= 12; n++) expect(await files.begin(artifactId, new Date())).toBeUndefined();
    const inspect = jest.fn(died);
    quality = serviceWith({ inspect });
    await quality.judge(event, deliveryOf(7));
    expect(inspect).not.toHaveBeenCalled();
    expect((await announced())[0]?.data.verdict).toBe('failed');
  });
});

describe('a job’s quality', () => {
  it('lists its attempts in the order in which they were judged', async () => {
    const jobId = newId();
    const attempts = [newId(), newId(), newId()];
    for (const attemptId of attempts)
      await quality.judge(aRendered({ jobId, attemptId, files: [stored(noise)] }), first);
    await quality.judge(aRendered({ files: [stored(noise)] }), first);
    expect(
      (await reader.getJobQuality({ job_id: jobId, limit: 50 })).attempts.map((attempt) => attempt.attempt_id),
    ).toEqual(attempts);
  });

  it('is empty for a job that was not judged', async () => {
    const jobId = newId();
    expect(await reader.getJobQuality({ job_id: jobId, limit: 50 })).toEqual({ job_id: jobId, attempts: [] });
  });

  it('keeps the thresholds under which it was judged', async () => {
    const before = aRendered({ files: [stored(await picture(60, 64))] });
    await quality.judge(before, first);
    await db.query(
      'insert into threshold (version, metric, comparison, value, decides, basis) select 3, metric, comparison, ' +
        "case metric when 'resolution' then 0.9 else value end, decides, basis from threshold where version = 2",
    );
    const after = aRendered({ files: before.data.files });
    await quality.judge(after, first);
    expect((await reader.getJobQuality({ job_id: before.data.jobId, limit: 50 })).attempts[0]).toMatchObject({
      verdict: 'failed',
      reasons: ['resolution'],
    });
    expect((await reader.getJobQuality({ job_id: after.data.jobId, limit: 50 })).attempts[0]).toMatchObject({
      verdict: 'passed',
    });
    expect(await db.query('select threshold_version from verdict order by id')).toEqual([
      { threshold_version: 2 },
      { threshold_version: 3 },
    ]);
  });
});

describe('the tables', () => {
  it('hold no number for what was not computed, and no computed one without', async () => {
    await quality.judge(aRendered({ files: [stored(noise)] }), first);
    await expect(db.query("update quality_score set value = 1 where state <> 'computed'")).rejects.toThrow(
      'quality_score_value',
    );
    await expect(db.query("update quality_score set value = null where state = 'computed'")).rejects.toThrow(
      'quality_score_value',
    );
  });
});
