// Real: the workflow library, ffmpeg and sharp, the films and pictures that they write, the processes that read them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRequest, type GenerateRequest } from '@tower/contracts';
import { findFfmpeg } from '@tower/imaging';
import { AppError, newId, repositoryRoot } from '@tower/kit';
import { itNeeds } from '@tower/testing';
import sharp from 'sharp';
import type { EntityManager } from 'typeorm';
import { Library } from '../library/library';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { InputFiles } from './input-files';
import { planRequest, type RequestPlan } from './request-plan';

const program = findFfmpeg();
const withFfmpeg = itNeeds(program, 'ffmpeg');

let root: string;
let files: InputFiles;
let workflows: WorkflowLibrary;
beforeAll(async () => {
  workflows = await WorkflowLibrary.read(join(repositoryRoot, 'workflows'));
  root = mkdtempSync(join(tmpdir(), 'tower-inputs-'));
  mkdirSync(join(root, 'in'));
  files = new InputFiles(new Library(root), { script: join(repositoryRoot, 'apps', 'rendering', 'dist', 'jobs', 'input-process.js') });
});
afterAll(async () => {
  await files.onApplicationShutdown();
  rmSync(root, { recursive: true });
});

const at = (name: string): string => join(root, 'in', name);

/** Writes `in/<name>` with ffmpeg. */
function make(name: string, ...args: readonly string[]): string {
  const { status, stderr } = spawnSync(program!, ['-y', '-loglevel', 'error', ...args, at(name)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return `in/${name}`;
}
const pictures = (size: string, rate = 8, seconds = 1): string[] => ['-f', 'lavfi', '-i', `testsrc=s=${size}:r=${rate}:d=${seconds}`];
const tone = ['-f', 'lavfi', '-i', 'sine=d=1'];
const film = (name: string, size = '96x64', ...codec: readonly string[]): string => make(name, ...pictures(size), ...(codec.length > 0 ? codec : ['-c:v', 'mpeg4']));

async function picture(name: string, width: number, height: number, of: (image: sharp.Sharp) => sharp.Sharp = (image) => image): Promise<string> {
  await of(sharp({ create: { width, height, channels: 3, background: '#336699' } })).toFile(at(name));
  return `in/${name}`;
}

const noArtifacts = {} as EntityManager;

function plan(workflow: string, body: Partial<GenerateRequest>): Promise<RequestPlan> {
  const { job_type } = workflows.get(workflow).file;
  const prompt = job_type === 'full_video' || workflow.startsWith('loop') ? 'rain' : '';
  const request = generateRequest.parse({ project_id: newId(), job_type, prompt, ...body });
  return planRequest(noArtifacts, files, workflows.get(workflow), request, { positive: request.prompt, negative: '', loras: [], errors: [] }, 7, {});
}
const smooth = (start_film: string, body: Partial<GenerateRequest> = {}): Promise<RequestPlan> =>
  plan('interpolate-rife', { ...body, parameters: { start_film, ...body.parameters } });

async function refused(planning: Promise<RequestPlan>): Promise<Record<string, string>> {
  try {
    await planning;
  } catch (error) {
    if (error instanceof AppError) return Object.fromEntries((error.options.fields ?? []).map(({ pointer, message }) => [pointer, message]));
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a film that gets frames in between', () => {
  withFfmpeg.each(['854x480', '426x240', '1366x768'])('keeps its size of %s', async (size) => {
    const { promised, warnings } = await smooth(film(`${size}.mp4`, size));
    expect(`${promised.width}x${promised.height}`).toBe(size);
    expect([promised.frames, promised.fps, warnings]).toEqual([16, 16, []]);
  });

  withFfmpeg('of odd sides comes out even, and says so', async () => {
    const { promised, warnings } = await smooth(film('odd.mp4', '481x271', '-c:v', 'libx264', '-pix_fmt', 'yuv444p'));
    expect(promised).toMatchObject({ width: 480, height: 270 });
    expect(warnings).toEqual([expect.stringContaining('481 × 271; the result is 480 × 270')]);
  });

  withFfmpeg('keeps its proportions when one side is stated, and loses its sides when both are', async () => {
    const start_film = film('wide.mp4', '256x128');
    expect((await smooth(start_film, { height: 64 })).promised).toMatchObject({ width: 128, height: 64 });
    const cut = await smooth(start_film, { parameters: { width: 128, height: 128 } });
    expect(cut.promised).toMatchObject({ width: 128, height: 128 });
    expect(cut.warnings).toEqual([expect.stringContaining('50 % of its width is cut off')]);
  });

  withFfmpeg('has no more frames than it has', async () => {
    const start_film = film('short.mp4');
    expect(await refused(smooth(start_film, { frame_count: 60 }))).toEqual({ '/frame_count': 'must be at most 8: start_film has 8 frames' });
    expect(await refused(smooth(start_film, { parameters: { frame_count: 60 } }))).toHaveProperty('/parameters/frame_count');
    const part = await smooth(start_film, { frame_count: 6 });
    expect(part.promised).toMatchObject({ frames: 12, fps: 16 });
    expect(part.warnings).toEqual(['the first 6 of the 8 frames of parameters.start_film are read', 'parameters.start_film lasts 1 s and the result 0.75 s']);
  });

  withFfmpeg('may have more frames than are read only when somebody says how many', async () => {
    const start_film = make('long.mp4', ...pictures('64x64', 60, 10), '-c:v', 'mpeg4');
    expect((await refused(smooth(start_film)))['/parameters/start_film']).toMatch(/has 600 frames.*512 at most: give frame_count/);
    expect((await smooth(start_film, { frame_count: 500 })).promised).toMatchObject({ frames: 1000, fps: 120 });
    expect((await refused(smooth(start_film, { frame_count: 500, parameters: { interpolation: 3 } })))['/parameters/start_film']).toMatch(/180 frames per second.*1 to 120: give fps/);
    expect((await refused(smooth(start_film, { frame_count: 512, fps: 60, parameters: { interpolation: 8 } })))['/frame_count']).toMatch(/4096 frames; Tower reads 4000 at most/);
  });

  withFfmpeg('keeps its sound at its own pace, and says why when it cannot', async () => {
    const start_film = make('sound.mp4', ...pictures('96x64'), ...tone, '-c:v', 'mpeg4', '-c:a', 'aac');
    expect(await smooth(start_film)).toMatchObject({ promised: { sound: true, frames: 16, fps: 16 }, values: { sound: true }, warnings: [] });
    const slow = await smooth(start_film, { fps: 8 });
    expect(slow.promised.sound).toBe(false);
    expect(slow.warnings).toEqual([expect.stringContaining('lasts 1 s and the result 2 s'), expect.stringMatching(/sound of .* is left out: at 8 frames per second.*give 16/)]);
    expect((await smooth(start_film, { parameters: { sound: false } })).promised.sound).toBe(false);
    const round = make('round.mkv', ...pictures('96x64'), ...tone, '-ac', '6', '-c:v', 'mpeg4', '-c:a', 'pcm_s16le');
    expect(await smooth(round)).toMatchObject({ promised: { sound: false }, warnings: [expect.stringMatching(/left out: its channels are 5.1.*-ac 2/)] });
    const two = make('two.mkv', ...pictures('96x64'), ...tone, ...tone, '-map', '0', '-map', '1', '-map', '2', '-c:v', 'mpeg4', '-c:a', 'pcm_s16le');
    expect(await smooth(two)).toMatchObject({ promised: { sound: false }, warnings: [expect.stringMatching(/left out: it has 2 tracks/)] });
    expect((await smooth(film('silent.mp4'))).promised.sound).toBe(false);
  });

  withFfmpeg('that is shown turned keeps the size that is seen', async () => {
    const turned = make('turned.mp4', '-i', at(film('lying.mp4').slice(3)), '-c', 'copy', '-metadata:s:v:0', 'rotate=90');
    expect((await smooth(turned)).promised).toMatchObject({ width: 64, height: 96 });
  });

  withFfmpeg('may be of ten bits, with holes, and NTSC', async () => {
    expect((await smooth(film('ten.mp4', '96x64', '-c:v', 'libx264', '-pix_fmt', 'yuv420p10le'))).promised).toMatchObject({ width: 96, frames: 16 });
    expect((await smooth(film('holes.webm', '96x64', '-vf', 'format=yuva420p', '-c:v', 'libvpx-vp9', '-deadline', 'realtime'))).promised).toMatchObject({ width: 96, frames: 16 });
    expect((await smooth(make('ntsc.mp4', ...pictures('96x64', 24, 1).map((arg) => arg.replace('r=24', 'r=24000/1001')), '-c:v', 'mpeg4'))).promised.fps).toBeCloseTo(47.952, 3);
  });

  withFfmpeg('is refused when it is none', async () => {
    const start_film = film('plain.mp4');
    const whole = readFileSync(at('plain.mp4'));
    writeFileSync(at('cut.mp4'), whole.subarray(0, whole.length / 2));
    writeFileSync(at('empty.mp4'), '');
    const variable = make('variable.mp4', ...pictures('96x64', 8, 2), '-vf', "setpts='if(gt(N,7),N*2-7,N)/8/TB'", '-vsync', 'vfr', '-c:v', 'mpeg4');
    const wrong: [string, RegExp][] = [
      [make('a.gif', '-i', at('plain.mp4')), /animated picture.*make it an MP4/],
      [make('a.webp', '-i', at('plain.mp4'), '-c:v', 'libwebp'), /animated picture.*make it an MP4/],
      [make('a.apng', '-i', at('plain.mp4'), '-f', 'apng'), /animated picture.*make it an MP4/],
      [await picture('still.png', 96, 64), /this is a still/],
      [make('one.mp4', ...pictures('96x64'), '-frames:v', '1', '-c:v', 'mpeg4'), /this is a still/],
      [make('heard.mp4', ...tone, '-c:a', 'aac'), /no film that can be read.*with pictures in them/],
      ['in/cut.mp4', /no film that can be read: the file has no video.* whole/],
      ['in/empty.mp4', /no film that can be read/],
      [variable, /for different times.*fps=24/],
      [film('oblong.mp4', '96x64', '-vf', 'setsar=4/3', '-c:v', 'mpeg4'), /not square.*scale=iw\*sar/],
    ];
    for (const [path, message] of wrong) {
      const said = (await refused(smooth(path)))['/parameters/start_film'];
      expect([path, said]).toEqual([path, expect.stringMatching(message)]);
      // Where the library lies is nobody's business.
      expect(said).not.toContain(root);
    }
    expect((await refused(plan('video-wan22-5b', { start_image: start_film })))['/start_image']).toMatch(/must be a picture; this is a film/);
  });
});

describe('a film that begins with a picture', () => {
  it.each(['video-wan21-i2v', 'video-wan21-i2v-low-vram', 'video-wan22-i2v-14b', 'video-wan22-5b', 'video-cogvideox', 'loop-first-last-frame'])(
    'has its proportions in %s, within the preset and on the steps', async (workflow) => {
      const { presets, parameters } = workflows.get(workflow).file;
      const step = parameters['width']?.type === 'integer' ? parameters['width'].multiple_of : 0;
      const { promised, warnings } = await plan(workflow, { start_image: await picture('hero.png', 1200, 800), preset: 'draft' });
      expect(promised.width / promised.height).toBeCloseTo(1.5, 1);
      expect(promised.width * promised.height).toBeLessThanOrEqual(Number(presets.draft?.['width']) * Number(presets.draft?.['height']));
      expect([promised.width % step, promised.height % step]).toEqual([0, 0]);
      expect(warnings).toEqual([]);
    });

  it('has the stated size, and says what that costs', async () => {
    const start_image = await picture('hero.png', 1200, 800);
    const { promised, warnings } = await plan('video-wan21-i2v', { start_image, width: 240, height: 416 });
    expect(promised).toMatchObject({ width: 240, height: 416 });
    expect(warnings).toEqual(['start_image is 1200 × 800; 240 × 416 shows its middle, and 62 % of its width is cut off']);
    expect((await plan('video-wan21-i2v', { start_image, width: 480 })).promised).toMatchObject({ width: 480, height: 320 });
    expect((await refused(plan('video-wan21-i2v', { start_image, width: 1000, height: 416 })))['/width']).toBe('must be a multiple of 16, such as 992 or 1008');
  });

  it('says that another last picture is cut', async () => {
    const body = { start_image: await picture('hero.png', 1200, 800), end_image: await picture('tall.png', 400, 800) };
    expect((await plan('loop-first-last-frame', body)).warnings).toEqual([expect.stringMatching(/^end_image is 400 × 800;.* of its height is cut off$/)]);
  });

  it('asks for a size where the proportions leave none', async () => {
    const start_image = await picture('strip.png', 4000, 50);
    expect((await refused(plan('video-wan22-5b', { start_image })))['/start_image']).toMatch(/is 4000 × 50.*give width and height/);
    expect((await refused(plan('video-wan22-5b', { start_image, width: 640 })))['/width']).toMatch(/leaves no height.*give height as well/);
  });
});

describe('a picture', () => {
  const enlarged = (start_image: string, body: Partial<GenerateRequest> = {}): Promise<RequestPlan> => plan('upscale-esrgan', { start_image, ...body });

  it('is enlarged within one limit, however the size is given', async () => {
    const start_image = await picture('small.png', 300, 200);
    expect((await enlarged(start_image, { width: 3072, height: 2048 })).promised).toMatchObject({ width: 3072, height: 2048 });
    expect((await enlarged(start_image, { height: 3072 })).promised).toMatchObject({ width: 4608, height: 3072 });
    expect((await enlarged(start_image, { parameters: { width: 3000 } })).promised).toMatchObject({ width: 3000, height: 2000 });
    expect((await refused(enlarged(start_image, { width: 9000, height: 64 })))['/width']).toBe('must be between 64 and 8192');
    expect((await refused(enlarged(start_image, { parameters: { width: 9000, height: 64 } })))['/parameters/width']).toBe('must be between 64 and 8192');
  });

  it('is said to shrink where it does', async () => {
    expect((await enlarged(await picture('large.png', 2400, 1600))).warnings).toEqual([expect.stringContaining('2400 × 1600, larger than the result of 1536 × 1024')]);
  });

  it('is taken upright, and with its depth where that is kept', async () => {
    expect((await enlarged(await picture('turned.jpg', 300, 200, (image) => image.withMetadata({ orientation: 6 })))).promised).toMatchObject({ width: 1024, height: 1536 });
    expect((await enlarged(await picture('deep.png', 300, 200, (image) => image.toColourspace('rgb16').png()))).promised).toMatchObject({ width: 1536, height: 1024 });
  });

  it('says that what is transparent will not be', async () => {
    expect((await enlarged(await picture('full.png', 300, 200, (image) => image.ensureAlpha(1)))).warnings).toEqual([]);
    expect((await enlarged(await picture('holes.png', 300, 200, (image) => image.ensureAlpha(0.5)))).warnings).toEqual([expect.stringContaining('is transparent in places')]);
  });

  it('is refused with what to do', async () => {
    await sharp(new Uint16Array(64 * 64).fill(900), { raw: { width: 64, height: 64, channels: 1 } }).toColourspace('grey16').png().toFile(at('grey16.png'));
    const frames = Buffer.from(Array.from({ length: 64 * 128 * 3 }, (_, index) => index % 251));
    await sharp(frames, { raw: { width: 64, height: 128, channels: 3, pageHeight: 64 } }).gif({ keepDuplicateFrames: true }).toFile(at('moving.gif'));
    await sharp(frames, { raw: { width: 64, height: 128, channels: 3, pageHeight: 64 } }).webp().toFile(at('moving.webp'));
    const whole = readFileSync(at((await picture('whole.png', 300, 200, (image) => image.png({ compressionLevel: 0 }))).slice(3)));
    writeFileSync(at('cut.png'), whole.subarray(0, whole.length / 2));
    const wrong: [string, RegExp][] = [
      ['in/grey16.png', /16 bits.*8 bits a channel/],
      ['in/moving.gif', /must be a still.*one of its frames as PNG/],
      ['in/moving.webp', /must be a still.*one of its frames as PNG/],
      [await picture('cmyk.jpg', 64, 64, (image) => image.toColourspace('cmyk')), /CMYK.*save it as RGB/],
      ['in/cut.png', /copy it again/],
    ];
    for (const [path, message] of wrong) expect([path, (await refused(enlarged(path)))['/start_image']]).toEqual([path, expect.stringMatching(message)]);
  });
});

it('limits a size alike wherever it is given, in every workflow', async () => {
  const start_image = await picture('any.png', 300, 200);
  for (const { file } of workflows.all()) {
    if (file.parameters['width']?.type !== 'integer' || file.parameters['start_film']) continue;
    const body = file.parameters['start_image'] ? { start_image } : {};
    const size = { width: 20_000, height: 20_000 };
    const [asFields, asParameters] = [await refused(plan(file.name, { prompt: file.parameters['prompt'] ? 'rain' : '', ...body, ...size })), await refused(plan(file.name, { prompt: file.parameters['prompt'] ? 'rain' : '', ...body, parameters: size }))];
    expect([file.name, asFields['/width'], asFields['/height']]).toEqual([file.name, asParameters['/parameters/width'], asParameters['/parameters/height']]);
  }
});
