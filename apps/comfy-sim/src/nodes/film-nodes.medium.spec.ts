import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFfmpeg, findHolds, loopSeam, readMoving, type FilmFacts, type Rgb } from '@tower/imaging';
import { describeNeeds } from '@tower/testing';
import sharp from 'sharp';
import type { CardProfileId } from '../card/card-profile';
import { Sound } from '../sound/sound';
import { SoundValue, VideoValue } from './media-values';
import { NodeBench, drawnFilm as film, shownIn } from './node-bench';
import type { NodeResult } from './node-behaviour';
import { ImageValue, type NodeValue } from './node-value';

/**
 * Real: the nodes, ffmpeg, the files and what decodes them. The clock stands in for a server that is not asked
 * anything.
 */
jest.setTimeout(60_000);
const withFfmpeg = describeNeeds(findFfmpeg(), 'ffmpeg');
const [width, height] = [96, 128];

let bench: NodeBench;
let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-films-'));
  bench = new NodeBench(home);
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const run = (classType: string, inputs: Record<string, NodeValue>, profile?: CardProfileId): Promise<NodeResult> =>
  bench.run(classType, inputs, profile);

const combine = (
  images: ImageValue,
  format: string,
  more: Record<string, NodeValue> = {},
  profile: CardProfileId = 'cpu',
): Promise<NodeResult> =>
  run(
    'VHS_VideoCombine',
    {
      images,
      frame_rate: 8,
      loop_count: 0,
      filename_prefix: 'v/loop',
      format,
      pingpong: false,
      save_output: true,
      ...more,
    },
    profile,
  );

const fileOf = (result: NodeResult, key = 'gifs'): string => bench.fileOf(result, key);

async function decoded(file: string): Promise<FilmFacts & { frames: number; pictures: Rgb[] }> {
  const pictures: Rgb[] = [];
  const facts = await readMoving(file, (frame) => void pictures.push(frame));
  return { ...facts, pictures };
}

async function seamRatio(pictures: readonly Rgb[]): Promise<number> {
  const seam = await loopSeam(pictures, findHolds(pictures).runLengths, { kind: 'mae' });
  if (seam.state !== 'computed') throw new Error(seam.reason);
  return seam.value.seam / Math.max(...seam.value.adjacent);
}

withFfmpeg('VHS_VideoCombine', () => {
  it.each([
    ['video/h264-mp4', 'mp4', {}],
    ['video/h264-mp4', 'mp4', { pix_fmt: 'yuv420p10le', crf: 30 }],
    ['video/h265-mp4', 'mp4', {}],
    ['video/webm', 'webm', { crf: 30 }],
    ['video/av1-webm', 'webm', { crf: 40 }],
    ['video/ProRes', 'mov', {}],
    ['video/ffv1-mkv', 'mkv', { pix_fmt: 'bgra' }],
    ['video/ffmpeg-gif', 'gif', {}],
    ['image/gif', 'gif', {}],
  ])('writes %s as a loop that decodes, moves and closes (%s, %j)', async (format, extension, widgets) => {
    const file = fileOf(await combine(film(12, true), format, widgets));
    expect(path.basename(file)).toBe(`loop_00001.${extension}`);
    const facts = await decoded(file);
    // GIF counts in hundredths of a second: 12 or 13 of them a frame.
    expect(facts).toMatchObject({ width, height, frames: 12, variableRate: format === 'video/ffmpeg-gif' });
    expect(Math.abs(facts.framesPerSecond - 8)).toBeLessThan(extension === 'gif' ? 0.4 : 0.01);
    expect(Math.abs(facts.durationSeconds - 1.5)).toBeLessThan(extension === 'gif' ? 0.07 : 0.005);
    expect(findHolds(facts.pictures).runLengths).toHaveLength(12);
    // Coding loses a little, and not in every frame alike.
    expect(await seamRatio(facts.pictures)).toBeLessThanOrEqual(1.1);
  });

  it('writes animated WebPs and says how often they play', async () => {
    const { pages, pageHeight, delay, loop } = await sharp(
      fileOf(await combine(film(6, true), 'image/webp', { loop_count: 3 })),
      { animated: true },
    ).metadata();
    expect({ pages, pageHeight, delay, loop }).toEqual({
      pages: 6,
      pageHeight: height,
      delay: [125, 125, 125, 125, 125, 125],
      loop: 3,
    });
  });

  it('gives the same bytes for the same film, and others for another seed', async () => {
    const bytes = async (seed: string, format: string): Promise<Buffer> =>
      readFileSync(fileOf(await combine(film(4, true, seed), format)));
    for (const format of ['video/h264-mp4', 'video/webm', 'image/gif']) {
      const [one, again, other] = [await bytes('7', format), await bytes('7', format), await bytes('8', format)];
      expect(one.equals(again)).toBe(true);
      expect(one.equals(other)).toBe(false);
    }
  });

  it('plays there and back again', async () => {
    const facts = await decoded(fileOf(await combine(film(5, false), 'video/h264-mp4', { pingpong: true })));
    expect(facts.frames).toBe(8);
    expect(bench.ticks).toEqual(['1/8', '2/8', '3/8', '4/8', '5/8', '6/8', '7/8', '8/8']);
    expect(await seamRatio(facts.pictures)).toBeLessThanOrEqual(1.1);
  });

  it('puts a film with sound beside the silent one', async () => {
    const sound = new SoundValue(
      new Sound(
        44_100,
        [0, 1].map(() => Float32Array.from({ length: 44_100 }, (_, at) => 0.4 * Math.sin(at / 20))),
      ),
    );
    const file = fileOf(await combine(film(8, true), 'video/h264-mp4', { audio: sound }));
    expect(readdirSync(path.join(home, 'output', 'v')).sort()).toEqual([
      'loop_00001-audio.mp4',
      'loop_00001.mp4',
      'loop_00001.png',
    ]);
    expect((await decoded(file)).frames).toBe(8);
    const heard = await heardIn(file);
    expect(heard.seconds).toBeGreaterThan(0.9);
    expect(Math.max(...(heard.channels[0] ?? []))).toBeGreaterThan(0.2);
  });

  it('counts on from whatever is numbered there, and fills odd sizes up', async () => {
    await combine(film(2, true), 'image/gif');
    const file = fileOf(await combine(film(2, true, '7', [95, 127]), 'video/h264-mp4', { save_output: true }));
    expect(path.basename(file)).toBe('loop_00002.mp4');
    expect(await decoded(file)).toMatchObject({ width: 96, height: 128 });
  });

  it('keeps the prompt in the film, and in a picture of the first frame', async () => {
    const file = fileOf(await combine(film(2, true), 'video/h264-mp4'));
    expect(readFileSync(file, 'latin1')).toContain('the \\\\\\"graph\\\\\\"; with = and # \\\\\\\\ in it');
    expect(readFileSync(file.replace('.mp4', '.png'), 'latin1')).toContain('tEXtprompt');
    expect(readdirSync(path.join(home, 'temp'))).toEqual([]);
  });

  it('puts what is not to be kept into temp', async () => {
    expect(shownIn((await combine(film(2, true), 'video/h264-mp4', { save_output: false })).ui, 'gifs')).toMatchObject({
      type: 'temp',
    });
  });

  it('has NVENC on a card of NVIDIA alone', async () => {
    const works = fileOf(await combine(film(3, true), 'video/nvenc_h264-mp4', {}, 'rtx3060'));
    expect((await decoded(works)).frames).toBe(3);
    const empty = fileOf(
      await combine(film(1, true, '7', [64, 64]), 'video/nvenc_h264-mp4', { filename_prefix: 'nv' }, 'rx9070xt'),
    );
    expect(statSync(empty).size).toBe(0);
    await expect(
      combine(film(8, true), 'video/nvenc_h264-mp4', { filename_prefix: 'nv' }, 'rx9070xt'),
    ).rejects.toMatchObject({
      type: 'Exception',
      message: expect.stringContaining('An error occurred in the ffmpeg subprocess') as string,
    });
  });

  it('dies with the server', async () => {
    const writing = combine(film(200, true), 'video/av1-webm');
    while (!existsSync(path.join(home, 'output', 'v', 'loop_00001.webm')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    bench.clock.stop();
    await expect(writing).rejects.toThrow();
  });
});

async function heardIn(file: string): Promise<Sound> {
  const video = (
    await run('VHS_LoadVideoPath', {
      video: file,
      force_rate: 0,
      custom_width: 0,
      custom_height: 0,
      frame_load_cap: 0,
      skip_first_frames: 0,
      select_every_nth: 1,
    })
  ).outputs[2];
  if (!(video instanceof SoundValue)) throw new Error('the film is silent');
  return video.sound;
}

withFfmpeg('SaveVideo and SaveWEBM', () => {
  const created = async (more: Record<string, NodeValue> = {}): Promise<VideoValue> => {
    const [video] = (await run('CreateVideo', { images: film(9, false), fps: 16, ...more })).outputs;
    if (!(video instanceof VideoValue)) throw new Error('no video');
    return video;
  };

  it.each([
    [{ format: 'auto', codec: 'auto' }, 'mp4'],
    [{ format: 'mp4', 'format.codec': 'h264' }, 'mp4'],
    [{ format: 'mkv', codec: 'h264' }, 'mkv'],
    [{ format: 'webm', 'format.codec': 'auto' }, 'webm'],
  ])('write %j', async (inputs, extension) => {
    const file = fileOf(
      await run('SaveVideo', { video: await created(), filename_prefix: 'clip', ...inputs }),
      'images',
    );
    expect(path.basename(file)).toBe(`clip_00001_.${extension}`);
    const facts = await decoded(file);
    expect(facts).toMatchObject({ width, height, frames: 9 });
    expect(facts.framesPerSecond).toBeCloseTo(16, 1);
    expect(findHolds(facts.pictures).runLengths).toHaveLength(9);
  });

  it.each(['vp9', 'av1'])('write WebM in %s', async (codec) => {
    const facts = await decoded(
      fileOf(
        await run('SaveWEBM', { images: film(6, false), filename_prefix: 'w', codec, fps: 24, crf: 32 }),
        'images',
      ),
    );
    expect(facts).toMatchObject({ width, height, frames: 6 });
    expect(facts.framesPerSecond).toBeCloseTo(24, 0);
  });

  it('keep sound, and take a film apart again', async () => {
    const audio = new SoundValue(Sound.silence(0.5, 44_100, 2));
    const file = fileOf(
      await run('SaveVideo', {
        video: await created({ audio }),
        filename_prefix: 'clip',
        format: 'mp4',
        codec: 'h264',
      }),
      'images',
    );
    const [loaded] = (await run('LoadVideo', { file: `${path.basename(file)} [output]` })).outputs;
    const [images, sound, fps] = (await run('GetVideoComponents', { video: loaded ?? null })).outputs;
    expect(images instanceof ImageValue ? images.pictures.length : 0).toBe(9);
    expect(sound).toBeInstanceOf(SoundValue);
    expect(fps).toMatchObject({ value: 16 });
  });

  it('say what the codec cannot take', async () => {
    await expect(
      run('SaveVideo', {
        video: new VideoValue(() =>
          Promise.resolve({ pictures: film(2, true, '7', [95, 127]).pictures, framesPerSecond: 8, sound: undefined }),
        ),
        filename_prefix: 'odd',
        format: 'mp4',
        codec: 'h264',
      }),
    ).rejects.toMatchObject({ type: 'av.error.ExternalError' });
  });
});

withFfmpeg('VHS_LoadVideoPath', () => {
  const load = async (file: string, more: Record<string, NodeValue>): Promise<NodeResult> =>
    run('VHS_LoadVideoPath', {
      video: file,
      force_rate: 0,
      custom_width: 0,
      custom_height: 0,
      frame_load_cap: 0,
      skip_first_frames: 0,
      select_every_nth: 1,
      ...more,
    });
  it.each([
    [{}, 12, [96, 128]],
    [{ frame_load_cap: 5 }, 5, [96, 128]],
    [{ skip_first_frames: 3, select_every_nth: 2 }, 5, [96, 128]],
    [{ force_rate: 16 }, 24, [96, 128]],
    [{ force_rate: 4 }, 6, [96, 128]],
    [{ custom_width: 48 }, 12, [48, 64]],
    // Only formats of models round: videohelpersuite 1.5, `downscale_ratio = format.get('dim', (1,))[0]`.
    [{ custom_width: 54, custom_height: 50, format: 'None' }, 12, [54, 50]],
    [{ custom_width: 54, custom_height: 50, format: 'Wan' }, 12, [56, 48]],
  ])('loads %j as %d frames', async (inputs, frames, size) => {
    const file = fileOf(await combine(film(12, true), 'video/h264-mp4'));
    bench.ticks.length = 0;
    const [images, count] = (await load(file, inputs)).outputs;
    const pictures = images instanceof ImageValue ? images.pictures : [];
    expect([count, pictures.length, pictures[0]?.width, pictures[0]?.height]).toEqual([frames, frames, ...size]);
    expect(bench.ticks).toEqual(Array.from({ length: frames }, (_, index) => `${index + 1}/${frames}`));
  });

  it('cuts the sound with the frames', async () => {
    const loud = fileOf(
      await combine(film(12, true), 'video/h264-mp4', { audio: new SoundValue(Sound.silence(2, 44_100, 2)) }),
    );
    const heard = async (more: Record<string, NodeValue>): Promise<number> => {
      const sound = (await load(loud, more)).outputs[2];
      return sound instanceof SoundValue ? sound.sound.seconds : 0;
    };
    expect(await heard({})).toBeCloseTo(1.5, 1);
    expect(await heard({ frame_load_cap: 4 })).toBeCloseTo(0.5, 2);
    expect(await heard({ skip_first_frames: 4, frame_load_cap: 4 })).toBeCloseTo(0.5, 2);
  });

  it('says what is no film', async () => {
    const file = fileOf(await combine(film(2, true), 'video/h264-mp4')).replace('.mp4', '.nothing');
    await expect(load(file, {})).rejects.toMatchObject({ type: 'Exception' });
    await expect(load(__filename, {})).rejects.toMatchObject({ type: 'ValueError' });
    await expect(load(fileOf(await combine(film(3, true), 'image/webp')), {})).rejects.toMatchObject({
      type: 'ValueError',
    });
  });
});
