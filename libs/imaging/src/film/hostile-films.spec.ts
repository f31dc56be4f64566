// Real: ffmpeg, libvips, the kernel's limits and what the processes used.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodePicture } from '../decode';
import { makeThumbnail } from '../thumbnail';
import { sharp } from '../sharp';
import { vectorPath } from '../vectors/vector-files';
import { decoderIdentity } from './decoder-identity';
import { startFfmpeg, type FfmpegJob } from './ffmpeg';
import { readFilm } from './film';
import { writeFilmComment } from './film-comment';
import { findFfmpeg } from './find-ffmpeg';
import { gifOf, pngOf, referringTo } from './hostile-files';
import { readMoving } from './moving';

const program = findFfmpeg();
const withFfmpeg = program === undefined ? it.skip : it;
const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;
const MiB = 1024 ** 2;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => expect(children().filter(({ command }) => command.includes('ffmpeg'))).toEqual([]));

const ignore = (): void => undefined;

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function made(name: string, ...args: readonly string[]): string {
  const { status, stderr } = spawnSync(program ?? '', ['-y', '-loglevel', 'error', ...args, join(folder, name)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return join(folder, name);
}

interface Child {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
  /** Most that it ever had in memory, in bytes. */
  readonly peak: number;
}

/** What this process has started and is still there, as the kernel tells. */
function children(): Child[] {
  if (!isLinux) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const field = (name: string): string => new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? '0';
        if (Number(field('PPid')) !== process.pid) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(pid), uid: Number(field('Uid')), command, peak: Number(field('VmHWM')) * 1024 }];
      } catch {
        return [];
      }
    });
}

/** The refusal of a piece of work, how long it took, and the most memory that a child of it and this process needed. */
async function refusalOf(
  work: Promise<unknown>,
): Promise<{ reason: string; seconds: number; childPeak: number; grown: number }> {
  const startedAt = performance.now();
  const before = process.memoryUsage().rss;
  let [childPeak, most] = [0, before];
  const watch = setInterval(() => {
    for (const { peak } of children()) childPeak = Math.max(childPeak, peak);
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  try {
    const reason = await work.then(
      () => 'taken',
      (error: { reason?: string }) => error.reason ?? String(error),
    );
    return { reason, seconds: (performance.now() - startedAt) / 1000, childPeak, grown: most - before };
  } finally {
    clearInterval(watch);
  }
}

describe('what is no film, whatever it is called,', () => {
  let asked = 0;
  const server = createServer((_, answer) => {
    asked += 1;
    answer.end('secret');
  });
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => void server.close(resolve)));
  const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret.ts`;

  withFfmpeg.each([
    [
      'a playlist',
      () =>
        `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${address()}\n#EXTINF:5,\n` +
        `file://${vectorPath('inputs/clip_ffv1.mkv')}\n#EXT-X-ENDLIST\n`,
    ],
    ['a list of films to join', () => `ffconcat version 1.0\nfile '${vectorPath('inputs/clip_ffv1.mkv')}'\n`],
    [
      'a DASH manifest',
      () =>
        `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>` +
        `<BaseURL>${address()}</BaseURL></Period></MPD>`,
    ],
    ['an SVG', () => `<svg xmlns="http://www.w3.org/2000/svg"><image href="${address()}"/></svg>`],
    ['a session description', () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n'],
    ['a text', () => 'a film, I swear'],
  ])('%s is refused by its first bytes, and nothing that it names is read', async (_, content) => {
    const path = file('renamed.mp4', content());
    for (const work of [
      () => readFilm(path, ignore),
      () => readMoving(path, ignore),
      () => writeFilmComment(path, join(folder, 'copy.mp4'), 'mp4', 'x'),
    ])
      expect(await refusalOf(work())).toMatchObject({ reason: 'not_a_film' });
    expect(asked).toBe(0);
  });

  withFfmpeg('a film that says its pictures lie in another file gets none of them', async () => {
    const inner = made('inner.mov', '-f', 'lavfi', '-i', 'testsrc=s=64x64:r=8:d=1', '-c:v', 'mpeg4');
    const path = file('elsewhere.mov', referringTo(inner));
    // The reference is one that ffmpeg follows when it is let.
    const followed = spawnSync(
      program ?? '',
      ['-loglevel', 'error', '-enable_drefs', '1', '-use_absolute_path', '1', '-i', path, '-f', 'framemd5', '-'],
      { encoding: 'utf8' },
    );
    expect(followed.stdout.split('\n').filter((line) => line.startsWith('0,'))).toHaveLength(8);
    const frames: number[] = [];
    const outcome = await refusalOf(readFilm(path, (_, index) => void frames.push(index)));
    expect({ ...outcome, frames }).toMatchObject({ reason: expect.not.stringContaining('taken'), frames: [] });
  });

  withFfmpeg('a pipe or a folder is refused without waiting for it', async () => {
    expect(await refusalOf(readMoving(folder, ignore))).toMatchObject({ reason: 'not_a_film' });
    if (process.platform === 'win32') return;
    spawnSync('mkfifo', [join(folder, 'pipe.mp4')]);
    expect(await refusalOf(readMoving(join(folder, 'pipe.mp4'), ignore))).toMatchObject({ reason: 'not_a_film' });
  });
});

describe('a bomb', () => {
  withFfmpeg('of 60,000 x 60,000 pixels is refused by what the index claims', async () => {
    const bytes = readFileSync(
      made('small.mov', '-f', 'lavfi', '-i', 'testsrc=s=64x64:r=8:d=1', '-c:v', 'rawvideo', '-pix_fmt', 'rgb24'),
    );
    const entry = bytes.indexOf('raw ', bytes.indexOf('stsd'));
    bytes.writeUInt16BE(60_000, entry + 28);
    bytes.writeUInt16BE(60_000, entry + 30);
    const found = await refusalOf(readFilm(file('vast.mov', bytes), ignore));
    expect(found).toMatchObject({ reason: 'too_many_pixels' });
    expect(found.childPeak).toBeLessThan(300 * MiB);
  });

  withFfmpeg('of frames larger than is allowed never decodes one', async () => {
    const path = made('large.mp4', '-f', 'lavfi', '-i', 'color=s=6000x6000:r=1:d=1', '-c:v', 'mpeg4');
    const found = await refusalOf(readFilm(path, ignore));
    expect(found).toMatchObject({ reason: 'too_many_pixels' });
    expect(found.childPeak).toBeLessThan(300 * MiB);
    expect(found.grown).toBeLessThan(200 * MiB);
  });

  withFfmpeg('that never ends is ended after its time or its frames', async () => {
    const path = made('endless.mkv', '-f', 'lavfi', '-i', 'color=s=320x240:r=100:d=10', '-c:v', 'mpeg4', '-q:v', '31');
    const slow = await refusalOf(readFilm(path, () => sleep(50), { maxSeconds: 1 }));
    expect(slow).toMatchObject({ reason: 'too_slow' });
    expect(slow.seconds).toBeLessThan(15);
    expect(await refusalOf(readFilm(path, ignore, { maxFrames: 50 }))).toMatchObject({ reason: 'too_many_frames' });
  });

  it('of a PNG with 30,000 x 30,000 pixels in a hundred kilobytes is refused before it is unpacked', async () => {
    const path = file('bomb.png', pngOf(30_000, 30_000));
    const found = await refusalOf(decodePicture(path));
    expect(found).toMatchObject({ reason: 'too_many_pixels' });
    expect(found.grown).toBeLessThan(200 * MiB);
    expect((await refusalOf(makeThumbnail(path))).reason).toBe('too_many_pixels');
  });

  it('of a GIF with 100,000 frames, or with vast ones, is refused by its header', async () => {
    const many = await refusalOf(readMoving(file('many.gif', gifOf(16, 16, 100_000)), ignore));
    expect(many).toMatchObject({ reason: 'too_many_frames' });
    expect(many.seconds).toBeLessThan(20);
    const vast = await refusalOf(readMoving(file('vast.gif', gifOf(60_000, 60_000, 2)), ignore));
    expect(vast).toMatchObject({ reason: 'too_many_pixels' });
    for (const { grown } of [many, vast]) expect(grown).toBeLessThan(400 * MiB);
  });

  it('called PNG that is an SVG reaches no loader, and neither would one that passed the first look', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    expect(await refusalOf(decodePicture(file('drawn.png', svg)))).toMatchObject({ reason: 'svg' });
    await expect(sharp(Buffer.from(svg)).metadata()).rejects.toThrow('unsupported image format');
    const tiff = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#123' } })
      .tiff()
      .toBuffer();
    await expect(sharp(tiff).metadata()).rejects.toThrow('unsupported image format');
  });
});

describe('a run of ffmpeg', () => {
  const job = (): FfmpegJob => ({
    program: program ?? '',
    inputs: [{ format: 'matroska', from: { file: vectorPath('inputs/clip_ffv1.mkv') }, maxPixels: 100_000 }],
    options: ['-map', '0:v', '-c:v', 'ppm', '-f', 'image2pipe'],
    output: 'stdout',
    bounds: { seconds: 30, memory: 2 * 1024 ** 3, written: 0 },
    runsAs: 'nobody',
  });

  withFfmpeg('that asks for more memory than it may have ends, and says so', async () => {
    const path = made('heavy.mkv', '-f', 'lavfi', '-i', 'color=s=6000x6000:r=1:d=1', '-c:v', 'mpeg4');
    const input = { format: 'matroska', from: { file: path }, maxPixels: 40_000_000 } as const;
    const bounded = (memory: number): FfmpegJob => ({ ...job(), inputs: [input], bounds: { ...job().bounds, memory } });
    for (const memory of [2 * 1024 ** 3, 400 * MiB]) {
      const run = startFfmpeg(bounded(memory));
      run.stdout.resume();
      expect(await run.ended).toMatchObject(
        memory > 400 * MiB ? { code: 0, isOutOfMemory: false } : { isOutOfMemory: true },
      );
    }
  });

  (program !== undefined && isLinux ? it : it.skip)(
    'knows nothing of our environment, of our files, and as root not even of root',
    async () => {
      process.env['TOWER_SPEC_SECRET'] = 'a secret of ours';
      const path = made('long.mkv', '-f', 'lavfi', '-i', 'testsrc=s=320x240:r=25:d=40', '-c:v', 'mpeg4', '-q:v', '31');
      // Nobody but its owner may pass or read.
      chmodSync(path, 0o600);
      const run = startFfmpeg({ ...job(), inputs: [{ format: 'matroska', from: { file: path } }] });
      try {
        await new Promise((resolve) => run.stdout.once('readable', resolve));
        const child = children().find(({ pid }) => pid === run.pid);
        expect(readFileSync(`/proc/${run.pid}/environ`, 'utf8')).not.toContain('TOWER_SPEC_SECRET');
        expect(readFileSync(`/proc/${run.pid}/limits`, 'utf8')).toMatch(/Max address space\s+2147483648 /);
        if (isRoot) {
          expect(child?.uid).toBe(decoderIdentity()?.uid);
          expect(child?.uid).toBeGreaterThan(60_000);
          expect(child?.uid).not.toBe(65_534);
          expect(readFileSync(`/proc/${run.pid}/status`, 'utf8')).toMatch(/^CapEff:\s*0+$/m);
        }
      } finally {
        delete process.env['TOWER_SPEC_SECRET'];
        run.kill();
        await run.ended;
      }
    },
  );

  (program !== undefined && process.platform !== 'win32' ? it : it.skip)(
    'has no word of a comment among its arguments',
    async () => {
      const comment = JSON.stringify({ prompt: 'a girl with silver hair, secret project' });
      const film = made('a.mp4', '-f', 'lavfi', '-i', 'testsrc=s=64x64:r=8:d=1', '-c:v', 'mpeg4');
      const open = mkdtempSync(join(tmpdir(), 'tower-arguments-'));
      chmodSync(open, 0o755);
      const said = join(open, 'said');
      writeFileSync(said, '');
      chmodSync(said, 0o666);
      const before = process.env['FFMPEG_PATH'];
      process.env['FFMPEG_PATH'] = join(open, 'ffmpeg');
      writeFileSync(join(open, 'ffmpeg'), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${said}'\nexec "${open}/real" "$@"\n`, {
        mode: 0o755,
      });
      copyFileSync(program ?? '', join(open, 'real'));
      try {
        await writeFilmComment(film, join(folder, 'b.mp4'), 'mp4', comment);
        expect(readFileSync(said, 'utf8')).toContain('comment=');
        expect(readFileSync(said, 'utf8')).not.toMatch(/silver|secret/);
        expect(readFileSync(join(folder, 'b.mp4')).includes(comment)).toBe(true);
      } finally {
        if (before === undefined) delete process.env['FFMPEG_PATH'];
        else process.env['FFMPEG_PATH'] = before;
        rmSync(open, { recursive: true });
      }
    },
  );
});
