import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFfmpeg, readFilm } from '@tower/imaging';
import { itNeeds } from '@tower/testing';
import sharp from 'sharp';
import { Picture } from '../pictures/picture';
import type { NodeResult } from './node-behaviour';
import { NodeBench, drawnFilm } from './node-bench';
import { ImageValue } from './node-value';

let home: string;
let bench: NodeBench;
const withFfmpeg = itNeeds(findFfmpeg(), 'ffmpeg');

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-pictures-'));
  bench = new NodeBench(home);
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function picturesOf({ outputs: [images] }: NodeResult): readonly Picture[] {
  if (!(images instanceof ImageValue)) throw new Error('no pictures');
  return images.pictures;
}

describe('interpolation', () => {
  it.each([
    [17, 2, 33],
    [2, 4, 5],
    [5, 1, 5],
  ])('makes of %d frames times %d %d', async (frames, multiplier, expected) => {
    expect(picturesOf(await bench.run('RIFE VFI', { frames: drawnFilm(frames, false), multiplier }))).toHaveLength(
      expected,
    );
    expect(bench.ticks).toEqual([]);
  });

  it('draws what lies between two frames of a loop, also where it closes', async () => {
    const { pictures } = drawnFilm(16, true);
    const doubled = picturesOf(
      await bench.run('FILM VFI', { frames: new ImageValue([...pictures, ...pictures.slice(0, 1)]), multiplier: 2 }),
    ).slice(0, 32);
    expect(doubled.map(({ recipe }) => recipe?.motion?.index)).toEqual(
      Array.from({ length: 32 }, (_, index) => index / 2),
    );
  });

  it('needs two frames', async () => {
    await expect(bench.run('RIFE VFI', { frames: drawnFilm(1, false), multiplier: 2 })).rejects.toMatchObject({
      type: 'AssertionError',
    });
  });
});

describe('batches', () => {
  const colours = [1, 2, 3, 4, 5].map((colour) => Picture.solid(colour, 4, 4));
  const taken = async (classType: string, inputs: Record<string, number>): Promise<number[]> =>
    picturesOf(await bench.run(classType, { image: new ImageValue(colours), ...inputs })).map(
      (picture) => colours.indexOf(picture) + 1,
    );

  it.each([
    [0, 1, [1]],
    [3, 2, [4, 5]],
    [3, 9, [4, 5]],
    [99, 1, [5]],
    [-2, 2, [4, 5]],
  ])('from %d on, %d pictures, are %j', async (first, length, expected) => {
    expect(await taken('ImageFromBatch', { batch_index: first, length })).toEqual(expected);
  });

  it('repeat as wholes', async () => {
    expect(await taken('RepeatImageBatch', { amount: 2 })).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
  });

  it('are cropped inside themselves', async () => {
    const [cropped] = picturesOf(
      await bench.run('ImageCrop', { image: new ImageValue(colours), x: 3, y: 1, width: 9, height: 2 }),
    );
    expect([cropped?.width, cropped?.height]).toEqual([1, 2]);
  });
});

describe('animated pictures', () => {
  const inputs = { filename_prefix: 'a', fps: 8, lossless: false, quality: 80, method: 'default', compress_level: 4 };

  withFfmpeg('are PNGs that play', async () => {
    const file = bench.fileOf(await bench.run('SaveAnimatedPNG', { images: drawnFilm(5, true), ...inputs }), 'images');
    expect(await readFilm(file, () => undefined)).toMatchObject({
      width: 96,
      height: 128,
      frames: 5,
      framesPerSecond: 8,
    });
    expect(readFileSync(file, 'latin1')).toContain('comfprompt\0{"1": "the ');
  });

  it('are PNGs whose first frame every reader shows', async () => {
    const images = drawnFilm(3, true);
    const file = bench.fileOf(await bench.run('SaveAnimatedPNG', { images, ...inputs }), 'images');
    expect(
      (await sharp(file).removeAlpha().raw().toBuffer()).equals(await (images.pictures[0] as Picture).pixels()),
    ).toBe(true);
  });

  it('are WebPs with the prompt in their EXIF', async () => {
    const { pages, delay, loop, exif } = await sharp(
      bench.fileOf(await bench.run('SaveAnimatedWEBP', { images: drawnFilm(4, true), ...inputs }), 'images'),
      { animated: true },
    ).metadata();
    expect({ pages, delay, loop }).toEqual({ pages: 4, delay: [125, 125, 125, 125], loop: 0 });
    expect(exif?.toString('latin1')).toContain('prompt:{"1": "the ');
  });

  it('go as PNG previews to a socket', async () => {
    await bench.run('SaveImageWebsocket', { images: drawnFilm(2, true) });
    expect(bench.ticks).toEqual(['0/2', '1/2']);
    expect(await Promise.all(bench.previews.map(async ({ bytes }) => (await sharp(bytes).metadata()).format))).toEqual([
      'png',
      'png',
    ]);
  });
});

describe('sound', () => {
  withFfmpeg.each([
    ['SaveAudio', 'flac', {}],
    ['SaveAudioMP3', 'mp3', { quality: '128k' }],
    ['SaveAudioOpus', 'opus', { quality: '96k' }],
    ['PreviewAudio', 'flac', {}],
  ])('of %s is a %s that can be heard again', async (classType, extension, more) => {
    const [audio] = (await bench.run('EmptyAudio', { duration: 0.5, sample_rate: 44_100, channels: 2 })).outputs;
    const file = bench.fileOf(
      await bench.run(classType, { audio: audio ?? null, filename_prefix: 's', ...more }),
      'audio',
    );
    expect(path.extname(file)).toBe(`.${extension}`);
    const [heard] = (
      await bench.run('LoadAudio', {
        audio: `${path.basename(file)} [${classType === 'PreviewAudio' ? 'temp' : 'output'}]`,
      })
    ).outputs;
    expect(heard).toMatchObject({ sound: { sampleRate: 44_100 } });
    expect((heard as { sound: { seconds: number } }).sound.seconds).toBeCloseTo(0.5, 1);
  });
});

describe('without an ffmpeg', () => {
  const before = process.env['FFMPEG_PATH'];
  beforeEach(() => void (process.env['FFMPEG_PATH'] = path.join(home, 'none')));
  afterEach(() => {
    if (before === undefined) delete process.env['FFMPEG_PATH'];
    else process.env['FFMPEG_PATH'] = before;
  });

  it('VHS_VideoCombine and SaveWEBM say so, and animations work', async () => {
    const images = drawnFilm(2, true);
    const combine = { images, frame_rate: 8, loop_count: 0, filename_prefix: 'v', pingpong: false, save_output: true };
    await expect(bench.run('VHS_VideoCombine', { ...combine, format: 'video/h264-mp4' })).rejects.toMatchObject({
      type: 'ProcessLookupError',
      message: expect.stringContaining('ffmpeg is required for video outputs and could not be found.') as string,
    });
    await expect(
      bench.run('SaveWEBM', { images, filename_prefix: 'w', codec: 'vp9', fps: 8, crf: 32 }),
    ).rejects.toMatchObject({ type: 'av.error.EncoderNotFoundError' });
    expect(
      (
        await sharp(
          bench.fileOf(await bench.run('VHS_VideoCombine', { ...combine, format: 'image/gif' }), 'gifs'),
        ).metadata()
      ).format,
    ).toBe('gif');
  });
});
