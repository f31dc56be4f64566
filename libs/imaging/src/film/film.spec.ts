import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { itNeeds } from '@tower/testing';
import { sha256 } from '../digest';
import { findFfmpeg, isOldFfmpeg } from './find-ffmpeg';
import { vectorPath } from '../vectors/vector-files';
import { readFilm } from './film';
import { FilmRefusal, filmRefusalReasons } from './film-refusal';
import { readFilmForMetrics } from './metric-frames';

/**
 * Real: ffmpeg, and the files it writes. Without ffmpeg (FFMPEG_PATH or on the path) everything but the first test is
 * skipped.
 */
const program = findFfmpeg();
const withFfmpeg = itNeeds(program, 'ffmpeg');
const isOld = program !== undefined && isOldFfmpeg(program);

describe('reading a film', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tower-film-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const make = (name: string, ...args: readonly string[]): string => {
    const path = join(folder, name);
    const { status, stderr } = spawnSync(program!, ['-y', '-loglevel', 'error', ...args, path], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return path;
  };
  const ignore = (): void => undefined;
  const clip = vectorPath('inputs/clip_ffv1.mkv');

  it('without ffmpeg is refused by that name', async () => {
    await expect(readFilm(clip, ignore, { ffmpeg: join(folder, 'none') })).rejects.toMatchObject({
      reason: 'no_decoder',
    });
    await expect(readFilm(join(folder, 'no.mp4'), ignore)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  withFfmpeg('follows the stated matrix and range rather than the file', async () => {
    const path = vectorPath('inputs/clip_bt709_tv_444.mp4');
    const digestOf = async (matrix: 'bt601' | 'bt709', range: 'tv' | 'pc'): Promise<string> => {
      let digest = '';
      await readFilm(path, ({ data }, index) => void (index === 0 && (digest = sha256(data))), {
        colour: { matrix, range },
      });
      return digest;
    };
    const digests = [await digestOf('bt709', 'tv'), await digestOf('bt601', 'tv'), await digestOf('bt709', 'pc')];
    expect(new Set(digests).size).toBe(3);
  });

  withFfmpeg('says what it assumed about the colours of a film that is silent', async () => {
    const path = make(
      'plain.mkv',
      '-f',
      'lavfi',
      '-i',
      'testsrc=s=64x48:r=10:d=0.5',
      '-c:v',
      'ffv1',
      '-pix_fmt',
      'yuv420p',
    );
    const { colour, frames } = await readFilm(path, ignore);
    expect([colour, frames]).toEqual([{ kind: 'yuv', matrix: 'bt601', range: 'tv', from: 'assumed' }, 5]);
  });

  withFfmpeg('says what there is to be heard', async () => {
    const source = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=10:d=0.5', '-f', 'lavfi', '-i', 'sine=d=0.5'];
    const codecs = ['-c:v', 'ffv1', '-c:a', 'pcm_s16le'];
    const soundOf = async (path: string) => (await readFilm(path, ignore)).sound;
    expect(await soundOf(make('mono.mkv', ...source, ...codecs))).toEqual({ tracks: 1, layout: 'mono' });
    expect(await soundOf(make('round.mkv', ...source, '-ac', '6', ...codecs))).toEqual({ tracks: 1, layout: '5.1' });
    expect(
      await soundOf(make('two.mkv', ...source, '-map', '0:v', '-map', '1:a', '-map', '1:a', ...codecs)),
    ).toMatchObject({ tracks: 2 });
    expect(await soundOf(clip)).toBeNull();
  });

  withFfmpeg('of variable rate counts every frame once and adds the times up', async () => {
    const path = make(
      'variable.mkv',
      '-f',
      'lavfi',
      '-i',
      'testsrc=s=64x48:r=10:d=2',
      '-vf',
      "select='not(mod(n,3))+lt(n,6)'",
      isOld ? '-vsync' : '-fps_mode',
      'passthrough',
      '-c:v',
      'ffv1',
      '-pix_fmt',
      'bgr0',
    );
    const { frames, variableRate, durationSeconds } = await readFilm(path, ignore);
    expect([frames, variableRate]).toEqual([11, true]);
    // The last frame is shown at 1.8 s, for 0.1 s or for the mean of the others, as the version of ffmpeg has it.
    expect(durationSeconds).toBeGreaterThan(1.85);
    expect(durationSeconds).toBeLessThan(2.01);
  });

  withFfmpeg('turns a film that is to be shown turned', async () => {
    const upright = make('upright.mp4', '-f', 'lavfi', '-i', 'testsrc=s=64x48:r=10:d=0.3', '-c:v', 'mpeg4');
    const turn = (...how: readonly string[]): string => make('turned.mp4', ...how);
    let turned: string;
    try {
      turned = turn('-display_rotation', '90', '-i', upright, '-c', 'copy');
    } catch {
      // Up to 5.1.
      turned = turn('-i', upright, '-c', 'copy', '-metadata:s:v:0', 'rotate=90');
    }
    expect(await readFilm(turned, ignore)).toMatchObject({ width: 48, height: 64, frames: 3 });
  });

  withFfmpeg('with no frames or no index is refused', async () => {
    const none = make(
      'none.mkv',
      '-f',
      'lavfi',
      '-i',
      'testsrc=s=64x48:r=10:d=1',
      '-vf',
      'select=0',
      '-c:v',
      'ffv1',
      '-pix_fmt',
      'bgr0',
    );
    await expect(readFilm(none, ignore)).rejects.toMatchObject({ name: 'FilmRefusal' });
    const sound = make('sound.wav', '-f', 'lavfi', '-i', 'sine=d=0.2');
    await expect(readFilm(sound, ignore)).rejects.toMatchObject({ reason: 'not_a_film' });
    const mp4 = readFileSync(vectorPath('inputs/clip_bt709_tv_444.mp4'));
    const damaged = (name: string, bytes: Buffer): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const index = mp4.indexOf('moov');
    const withoutIndex = damaged(
      'noindex.mp4',
      Buffer.concat([mp4.subarray(0, index), Buffer.from('none'), mp4.subarray(index + 4)]),
    );
    await expect(readFilm(withoutIndex, ignore)).rejects.toMatchObject({ reason: 'not_a_film' });
    const sizes = mp4.indexOf('stsz');
    const brokenIndex = damaged('index.mp4', Buffer.from(mp4).fill(0x7f, sizes + 16, sizes + 40));
    await expect(readFilm(brokenIndex, ignore)).rejects.toMatchObject({ name: 'FilmRefusal' });
  });

  // Before 5.1 the decoder fills a hole with what stood there before, whatever it is told.
  (program === undefined || isOld ? it.skip : it)('with a hole is refused', async () => {
    const hole = join(folder, 'hole.mp4');
    const bytes = readFileSync(vectorPath('inputs/clip_bt709_tv_444.mp4'));
    const pixels = bytes.indexOf('mdat');
    writeFileSync(hole, bytes.fill(0xff, pixels + 2_000, pixels + 2_400));
    await expect(readFilm(hole, ignore)).rejects.toMatchObject({ reason: 'undecodable' });
  });

  withFfmpeg('with changed bytes ends in frames or a typed refusal, 40 times', async () => {
    let seed = 7;
    const next = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) >>> 8;
    for (let round = 0; round < 40; round += 1) {
      const bytes = readFileSync(round % 2 === 0 ? clip : vectorPath('inputs/clip_bt601_tv_444.mp4'));
      for (let count = 0; count < 20; count += 1) bytes[next() % bytes.length] = next() % 256;
      writeFileSync(join(folder, 'changed'), bytes.subarray(0, round % 5 === 0 ? next() % bytes.length : bytes.length));
      const outcome = await readFilm(join(folder, 'changed'), ignore, { maxPixels: 100_000, maxFrames: 100 }).catch(
        (error: unknown) => error,
      );
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(FilmRefusal);
      if (outcome instanceof FilmRefusal) expect(filmRefusalReasons).toContain(outcome.reason);
    }
  });

  withFfmpeg('keeps memory bounded when the reader is slower than the decoder', async () => {
    // 240 frames of 2.8 MB: 660 MB in all.
    const path = make('long.mkv', '-f', 'lavfi', '-i', 'testsrc=s=1280x720:r=24:d=10', '-c:v', 'mpeg4', '-q:v', '20');
    const before = process.memoryUsage().rss;
    let most = 0;
    const { frames } = await readFilm(path, async (_, index) => {
      if (index % 20 === 0) await sleep(20);
      most = Math.max(most, process.memoryUsage().rss);
    });
    expect(frames).toBe(240);
    expect(most - before).toBeLessThan(250_000_000);
  });

  withFfmpeg('stops at its limits and when nobody wants it any more', async () => {
    await expect(readFilm(clip, ignore, { maxFrames: 16 })).rejects.toMatchObject({ reason: 'too_many_frames' });
    expect(await readFilm(clip, ignore, { maxFrames: 17 })).toMatchObject({ frames: 17 });
    await expect(readFilm(clip, ignore, { maxPixels: 96 * 64 - 1 })).rejects.toMatchObject({
      reason: 'too_many_pixels',
    });
    await expect(readFilm(clip, ignore, { maxSeconds: 0.001 })).rejects.toMatchObject({ reason: 'too_slow' });
    await expect(readFilmForMetrics(clip, { maxBytes: 1_000_000 })).rejects.toMatchObject({ reason: 'over_budget' });
    expect((await readFilmForMetrics(clip)).frames).toHaveLength(17);
    const abort = new AbortController();
    const reading = readFilm(clip, () => abort.abort(new Error('changed my mind')), { signal: abort.signal });
    await expect(reading).rejects.toThrow('changed my mind');
    await expect(readFilm(clip, () => Promise.reject(new Error('no room')))).rejects.toThrow('no room');
  });
});
