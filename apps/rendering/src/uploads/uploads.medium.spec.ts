// Real: PostgreSQL, the library, decoder processes, ffmpeg. Received files are written as the gateway writes them.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UploadView } from '@tower/contracts';
import { databaseFor, Outbox } from '@tower/db';
import { createLogger, Metrics, newId, newIdAt, repositoryRoot } from '@tower/kit';
import { Library, thumbnailPath } from '@tower/library';
import { createTestDatabase, FixedClock, type TestDatabase } from '@tower/testing';
import sharp from 'sharp';
import type { DataSource } from 'typeorm';
import { InputBench } from '../requests/input-bench.fixture';
import { Artifact } from '../jobs/artifact.entity';
import { Upload } from '../jobs/upload.entity';
import { RenderingMetrics } from '../rendering.metrics';
import { renderingEntities } from '../rendering.module';
import { useUploads } from '../requests/used-uploads';
import { UploadInspector } from './upload-inspector';
import { UploadRetention } from './upload-retention';
import { UploadStore } from './upload-store';
import { UploadsService } from './uploads.service';

const now = new Date('2026-12-01T12:00:00.000Z');
const dayMs = 24 * 60 * 60 * 1000;
const metrics = new RenderingMetrics(new Metrics('rendering'));
const inspector = new UploadInspector({
  script: join(repositoryRoot, 'apps', 'rendering', 'dist', 'uploads', 'upload-process.js'),
});

let clock: FixedClock;
let database: TestDatabase;
let db: DataSource;
let root: string;
let store: UploadStore;
let uploads: UploadsService;
let retention: UploadRetention;

beforeAll(async () => {
  database = await createTestDatabase('rendering');
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: renderingEntities,
  }).initialize();
});
afterAll(async () => {
  await inspector.onApplicationShutdown();
  await db.destroy();
  await database.drop();
});
beforeEach(async () => {
  await db.query('delete from upload; delete from artifact; delete from outbox');
  clock = new FixedClock(now);
  root = mkdtempSync(join(tmpdir(), 'tower-uploads-'));
  mkdirSync(join(root, '.incoming'));
  const library = new Library(root);
  store = new UploadStore(db, new Outbox('rendering', clock), clock);
  uploads = new UploadsService(store, library, inspector, metrics, 30);
  retention = new UploadRetention(store, library, metrics, 30, clock, createLogger('test', 'silent'));
});
afterEach(() => rmSync(root, { recursive: true }));

const context = { correlationId: newId() };
const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** As the gateway does. */
function send(bytes: Buffer, file = `upload-${newId()}`): Promise<UploadView> {
  writeFileSync(join(root, '.incoming', file), bytes);
  return uploads.keep({ context, file, sha256: digestOf(bytes) });
}
/** What is told of uploads, by the words behind the dot. */
const told = async (): Promise<string[]> => {
  const rows: { type: string }[] = await db.query(
    "select substring(subject from 'rendering\\.v1\\.([a-z_]+)') as type from outbox order by id",
  );
  return rows.map(({ type }) => type);
};
const left = (): string[] => readdirSync(join(root, '.incoming'));
const plain = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#336699' } });
const codeOf = (sending: Promise<UploadView>): Promise<string> =>
  sending.then(
    () => 'kept',
    (error: { code: string }) => error.code,
  );

it('keeps a picture under its content, told by its bytes', async () => {
  const bytes = await plain(96, 64).jpeg().toBuffer();
  const upload = await send(bytes);
  expect(upload).toMatchObject({
    sha256: digestOf(bytes),
    path: `uploads/${digestOf(bytes).slice(0, 2)}/${digestOf(bytes)}.jpg`,
    bytes: bytes.length,
    media_type: 'image/jpeg',
    width: 96,
    height: 64,
    frames: null,
    used_at: null,
    expires_at: '2026-12-31T12:00:00.000Z',
  });
  expect(existsSync(join(root, upload.path))).toBe(true);
  expect(existsSync(join(root, thumbnailPath(upload.sha256)))).toBe(true);
  expect(await uploads.get(upload.id)).toEqual(upload);
  expect(left()).toEqual([]);
});

it('gives the same bytes the same id: at once, later, and after their file was lost', async () => {
  const bytes = await plain(64, 64).png().toBuffer();
  const both = await Promise.all([send(bytes), send(bytes)]);
  expect(both[0]).toEqual(both[1]);
  clock.advance(dayMs);
  const again = await send(bytes);
  expect([again.id, again.created_at, again.expires_at]).toEqual([
    both[0]?.id,
    now.toISOString(),
    '2027-01-01T12:00:00.000Z',
  ]);
  rmSync(join(root, again.path));
  expect((await send(bytes)).id).toBe(again.id);
  expect(existsSync(join(root, again.path))).toBe(true);
  expect(await db.manager.count(Upload)).toBe(1);
  expect(await told()).toEqual(['upload_kept']);
  expect(left()).toEqual([]);
});

it('takes films and what moves, and counts their frames', async () => {
  const bench = await InputBench.open();
  try {
    for (const [name, type, codec] of [
      ['a.mp4', 'video/mp4', []],
      ['a.mkv', 'video/x-matroska', []],
      ['a.gif', 'image/gif', ['-c:v', 'gif']],
    ] as const) {
      bench.film(name, '96x64', ...codec);
      const bytes = readFileSync(bench.at(name));
      expect(await send(bytes)).toMatchObject({ media_type: type, frames: 8, width: 96, height: 64 });
      if (name === 'a.mp4')
        expect(await codeOf(send(bytes.subarray(0, Math.floor(bytes.length / 2))))).toBe('upload_undecodable');
    }
  } finally {
    await bench.close();
  }
});

/** A picture whose head promises more pixels than its few bytes would suggest. */
const bomb = (side: number): Promise<Buffer> =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#000000' }, limitInputPixels: false })
    .png({ compressionLevel: 9, palette: true })
    .toBuffer();

it.each([
  ['nothing', () => Buffer.alloc(0), 'upload_empty'],
  ['text', () => Buffer.from('hello, this is no picture'), 'upload_type_unsupported'],
  ['SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'upload_type_unsupported'],
  ['SVG behind a declaration', () => Buffer.from('<?xml version="1.0"?>\n<svg/>'), 'upload_type_unsupported'],
  ['HTML', () => Buffer.from('<!doctype html><script>alert(1)</script>'), 'upload_type_unsupported'],
  ['TIFF', () => plain(8, 8).tiff().toBuffer(), 'upload_type_unsupported'],
  ['sound', () => Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(64)]), 'upload_type_unsupported'],
  [
    'half a picture',
    () =>
      plain(640, 640)
        .png({ compressionLevel: 0 })
        .toBuffer()
        .then((bytes) => bytes.subarray(0, bytes.length / 2)),
    'upload_undecodable',
  ],
  ['a decompression bomb', () => bomb(8_200), 'upload_too_many_pixels'],
  ['a film of no frames', () => Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42'), 'upload_undecodable'],
])('refuses %s and leaves nothing of it', async (_, make, code) => {
  expect(await codeOf(send(Buffer.from(await make())))).toBe(code);
  expect(left()).toEqual([]);
  expect(existsSync(join(root, 'uploads'))).toBe(false);
  expect(await db.manager.count(Upload)).toBe(0);
});

it('refuses a file that kills its decoder, and goes on', async () => {
  const script = join(root, 'deadly.cjs');
  writeFileSync(script, "process.on('message', () => process.kill(process.pid, 'SIGSEGV'));");
  const deadly = new UploadInspector({ script });
  const service = new UploadsService(store, new Library(root), deadly, metrics, 30);
  const bytes = await plain(8, 8).png().toBuffer();
  const file = `upload-${newId()}`;
  writeFileSync(join(root, '.incoming', file), bytes);
  expect(await codeOf(service.keep({ context, file, sha256: digestOf(bytes) }))).toBe('upload_undecodable');
  await deadly.onApplicationShutdown();
  expect((await send(bytes)).width).toBe(8);
});

it('says so when the received file is gone, or is another one', async () => {
  const bytes = await plain(8, 8).png().toBuffer();
  expect(await codeOf(uploads.keep({ context, file: `upload-${newId()}`, sha256: digestOf(bytes) }))).toBe(
    'upload_gone',
  );
  const file = `upload-${newId()}`;
  writeFileSync(join(root, '.incoming', file), bytes);
  expect(await codeOf(uploads.keep({ context, file, sha256: '0'.repeat(64) }))).toBe('upload_altered');
  await expect(uploads.keep({ context, file: '../upload', sha256: '0'.repeat(64) })).rejects.toThrow(
    'does not lie in the library',
  );
});

describe('after a time', () => {
  it('what no job named is deleted, and what one named stays', async () => {
    const [unused, used, later] = await Promise.all(
      [8, 16, 24].map(async (side) => send(await plain(side, side).png().toBuffer())),
    );
    if (!unused || !used || !later) throw new Error('three were sent');
    const images = { start_image: { path: used.path, sha256: used.sha256 } };
    await useUploads(db.manager, images, now);
    expect(await uploads.get(used.id)).toMatchObject({ used_at: now.toISOString(), expires_at: null });
    await db.manager.update(Upload, { id: later.id }, { sentAt: new Date(now.getTime() + 2 * dayMs) });
    // A picture of a job with the same bytes has the same thumbnail.
    const twin = await send(await plain(32, 32).png().toBuffer());
    await insertArtifact(twin);

    clock.advance(30 * dayMs - 1_000);
    expect(await retention.prune()).toBe(0);
    clock.advance(2_000);
    expect(await retention.prune()).toBe(2);
    const there = (upload: UploadView) => [
      existsSync(join(root, upload.path)),
      existsSync(join(root, thumbnailPath(upload.sha256))),
    ];
    expect([unused, used, later, twin].map(there)).toEqual([
      [false, false],
      [true, true],
      [true, true],
      [false, true],
    ]);
    expect((await told()).filter((type) => type === 'upload_deleted')).toHaveLength(2);
    await expect(uploads.get(unused.id)).rejects.toMatchObject({ code: 'upload_not_found' });
    const gone = { start_image: { path: unused.path, sha256: unused.sha256 } };
    await expect(useUploads(db.manager, gone, now)).rejects.toMatchObject({ code: 'upload_gone' });
  });

  it('what never came to its end is deleted, and what is on its way is not', async () => {
    const old = join(root, '.incoming', `upload-${newIdAt(new Date(now.getTime() - 2 * 60 * 60 * 1000))}`);
    const young = `upload-${newIdAt(new Date(now.getTime() - 60_000))}`;
    for (const path of [old, join(root, '.incoming', young)]) writeFileSync(path, 'half');
    // What the clock of the disk says plays no part.
    utimesSync(old, now, now);
    await retention.prune();
    expect(left()).toEqual([young]);
  });
});

it('tells what a file says of how it was made, and of which artifact it is a copy', async () => {
  const silent = await send(await plain(8, 8).png().toBuffer());
  const none = { prompt: null, workflow: null, parameters: null, omitted: [], request: {} };
  expect(await uploads.metadata(silent.id)).toEqual({ upload_id: silent.id, artifact_id: null, job_id: null, ...none });
  const artifact = await insertArtifact(silent);
  expect(await uploads.metadata(silent.id)).toMatchObject({ artifact_id: artifact.id, job_id: artifact.jobId });
});

async function insertArtifact({ sha256, bytes }: UploadView): Promise<Artifact> {
  const artifact = db.manager.create(Artifact, {
    id: newId(),
    jobId: newId(),
    taskId: newId(),
    attemptId: newId(),
    role: 'output',
    idx: 0,
    path: `night-train/unfiled/${newId()}.png`,
    sha256,
    bytes,
    mediaType: 'image/png',
    width: 8,
    height: 8,
    frames: null,
    fps: null,
    durationSeconds: null,
    sound: null,
    simulated: true,
    createdAt: now,
  });
  return db.manager.save(artifact);
}
