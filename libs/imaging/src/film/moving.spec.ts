// Real: sharp, ffmpeg and the files that they write.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { itNeeds } from '@tower/testing';
import { sha256 } from '../digest';
import type { Rgb } from '../picture';
import { readAnimation } from './animation';
import { readFilm } from './film';
import { writeFilmComment } from './film-comment';
import { findFfmpeg } from './find-ffmpeg';
import { readMoving } from './moving';
import { movingFormatOf } from './moving-format';

const program = findFfmpeg();
const withFfmpeg = itNeeds(program, 'ffmpeg');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-moving-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height, frames] = [24, 16, 6];
/** Frame n is one flat colour, brighter than the one before. */
const raw = Buffer.from(
  Array.from({ length: width * height * 3 * frames }, (_, at) => 40 * Math.floor(at / (width * height * 3))),
);
const animated = sharp(raw, { raw: { width, height: height * frames, channels: 3, pageHeight: height } });

async function animation(name: string, delay: number[] = Array<number>(frames).fill(120)): Promise<string> {
  const path = join(folder, name);
  await (
    name.endsWith('.gif') ? animated.clone().gif({ delay }) : animated.clone().webp({ lossless: true, delay })
  ).toFile(path);
  return path;
}
function film(name: string, ...codec: readonly string[]): string {
  const path = join(folder, name);
  const { status, stderr } = spawnSync(
    program!,
    ['-y', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc=s=64x48:r=8:d=2', ...codec, path],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return path;
}
const firstSamples = async (path: string): Promise<number[]> => {
  const found: number[] = [];
  await readMoving(path, (frame: Rgb) => void found.push(frame.data[0] ?? -1));
  return found;
};

describe('a moving picture', () => {
  it.each(['a.gif', 'a.webp'])('%s gives every frame once, with size and time', async (name) => {
    const path = await animation(name);
    expect(await readMoving(path, () => undefined)).toMatchObject({
      frames,
      width,
      height,
      durationSeconds: 0.72,
      variableRate: false,
    });
    const seen = await firstSamples(path);
    for (const [index, value] of seen.entries()) expect(Math.abs(value - 40 * index)).toBeLessThanOrEqual(4);
  });

  it('of uneven times says so and adds them up', async () => {
    expect(
      await readMoving(await animation('uneven.webp', [100, 100, 400, 100, 100, 200]), () => undefined),
    ).toMatchObject({ variableRate: true, durationSeconds: 1 });
  });

  it('is refused when it is cut off, too long, or stands still', async () => {
    const whole = readFileSync(await animation('b.webp'));
    writeFileSync(join(folder, 'cut.webp'), whole.subarray(0, whole.length / 2));
    await expect(readMoving(join(folder, 'cut.webp'), () => undefined)).rejects.toMatchObject({
      name: 'FilmRefusal',
      reason: 'undecodable',
    });
    await expect(readAnimation(join(folder, 'b.webp'), () => undefined, { maxFrames: 5 })).rejects.toMatchObject({
      reason: 'too_many_frames',
    });
    await sharp(raw.subarray(0, width * height * 3), { raw: { width, height, channels: 3 } })
      .webp()
      .toFile(join(folder, 'still.webp'));
    await expect(readMoving(join(folder, 'still.webp'), () => undefined)).rejects.toMatchObject({
      reason: 'no_frames',
    });
  });

  withFfmpeg('is known by its content and not by its name', async () => {
    film('as.mp4', '-c:v', 'mpeg4');
    film('as.webm', '-c:v', 'libvpx');
    film('as.mkv', '-c:v', 'ffv1');
    await animation('as.gif');
    writeFileSync(join(folder, 'as.txt'), 'a film, I swear');
    writeFileSync(join(folder, 'as.nothing'), '');
    expect(
      await Promise.all(
        ['mp4', 'webm', 'mkv', 'gif', 'txt', 'nothing'].map((end) => movingFormatOf(join(folder, `as.${end}`))),
      ),
    ).toEqual(['mp4', 'webm', 'matroska', 'gif', undefined, undefined]);
  });
});

describe('a comment in a film', () => {
  withFfmpeg.each(['mp4', 'webm'] as const)('is in the %s and leaves every picture as it was', async (format) => {
    const path = film(
      `plain.${format}`,
      '-c:v',
      format === 'mp4' ? 'mpeg4' : 'libvpx',
      '-metadata',
      'comment=of the server',
    );
    const comment = JSON.stringify({
      prompt: { '1': { text: `a = b; c # d \\ e\nf "тест" ${'long '.repeat(6_000)}end` } },
    });
    const to = join(folder, `commented.${format}`);
    await writeFilmComment(path, to, format, comment);
    const digest = async (file: string): Promise<string[]> => {
      const digests: string[] = [];
      await readFilm(file, ({ data }) => void digests.push(sha256(data)));
      return digests;
    };
    expect(await digest(to)).toEqual(await digest(path));
    expect(await readFilm(to, () => undefined)).toMatchObject({ frames: 16, width: 64, height: 48 });
    const { stdout } = spawnSync(program!, ['-loglevel', 'error', '-i', to, '-f', 'ffmetadata', '-'], {
      encoding: 'utf8',
    });
    await expect(writeFilmComment(path, to, format, 'x'.repeat(130_000))).rejects.toThrow(RangeError);
    expect(stdout.replace(/\\([=;#\\\n])/g, '$1').toLowerCase()).toContain(`comment=${comment.toLowerCase()}`);
    const again = join(folder, `again.${format}`);
    await writeFilmComment(path, again, format, comment);
    expect(sha256(readFileSync(again))).toBe(sha256(readFileSync(to)));
  });

  withFfmpeg('is refused for what is no film', async () => {
    writeFileSync(join(folder, 'no-film.mp4'), 'nothing of the kind');
    const writing = writeFilmComment(join(folder, 'no-film.mp4'), join(folder, 'out.mp4'), 'mp4', 'x');
    await expect(writing).rejects.toMatchObject({ reason: 'not_a_film' });
  });
});
