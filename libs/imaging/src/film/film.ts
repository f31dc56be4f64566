import type { Rgb } from '../picture';
import { demuxerOf } from './film-demuxer';
import { FilmRefusal } from './film-refusal';
import { refusalOf, startFfmpeg, type FfmpegJob } from './ffmpeg';
import { ffmpegOrRefusal, isOldFfmpeg } from './find-ffmpeg';
import { ppmFrames } from './ppm-frames';

export type ColourMatrix = 'bt601' | 'bt709';
export type ColourRange = 'tv' | 'pc';

/** How YUV became RGB. Mixing the matrices up moves every colour by up to 31 levels, the ranges by 15 on average. */
export type FilmColour =
  | { readonly kind: 'rgb' }
  | {
      readonly kind: 'yuv';
      readonly matrix: ColourMatrix;
      readonly range: ColourRange;
      /** `assumed` where neither caller nor file say it: BT.709 from 720 lines on, else BT.601; limited range. */
      readonly from: 'caller' | 'file' | 'assumed';
    };

/** What a film has to be heard, as its header says; nothing of it is decoded. */
export interface FilmSound {
  readonly tracks: number;
  /** Channels of the first track in ffmpeg's words: mono, stereo, 5.1. */
  readonly layout: string;
}

export interface FilmFacts {
  /** Counted by decoding; containers lie. */
  readonly frames: number;
  /** Of the decoded frames, after rotation; pixels need not be square. */
  readonly width: number;
  readonly height: number;
  readonly sampleAspect: string;
  /** From the first frame's time to the end of the last. */
  readonly durationSeconds: number;
  /** Mean over the duration. */
  readonly framesPerSecond: number;
  /** The distances between frames differ by more than the rounding of millisecond containers. */
  readonly variableRate: boolean;
  readonly colour: FilmColour;
  /** Null for a silent film. */
  readonly sound: FilmSound | null;
}

export interface FilmOptions {
  /** Default: what `findFfmpeg` finds. */
  readonly ffmpeg?: string;
  readonly colour?: { readonly matrix: ColourMatrix; readonly range: ColourRange };
  readonly maxFrames?: number;
  readonly maxPixels?: number;
  readonly maxSeconds?: number;
  readonly signal?: AbortSignal;
}

const defaults = { maxFrames: 20_000, maxPixels: 16_000_000, maxSeconds: 600 } as const;

/** A container whose times are whole milliseconds puts equal steps up to one apart. */
const roundingSeconds = 0.0011;

/**
 * Address space of a decoder, in bytes: sixteen references of 16 million pixels at ten bits, and what scaling them
 * needs.
 */
const decoderMemory = 2 * 1024 ** 3;

/**
 * Every frame once, in order, as RGB with a stated matrix and range. `onFrame` is waited for before more is decoded, so
 * memory stays at a few frames however long the film is.
 * @throws FilmRefusal with any of its reasons; the file system's error; the signal's reason; what `onFrame` throws
 */
export async function readFilm(
  path: string,
  onFrame: (frame: Rgb, index: number) => void | Promise<void>,
  options: FilmOptions = {},
): Promise<FilmFacts> {
  const { maxFrames, maxPixels, maxSeconds } = { ...defaults, ...options };
  const startedAt = performance.now();
  const program = options.ffmpeg ?? ffmpegOrRefusal();
  const file = { format: await demuxerOf(path), from: { file: path }, maxPixels };
  const bounds = { seconds: maxSeconds, memory: decoderMemory, written: 0 };
  // A damaged packet ends the run: concealed pictures would be judged as if they were there.
  const input = { ...file, options: ['-xerror', '-err_detect', 'explode'] };
  const job = { program, inputs: [input], bounds, runsAs: 'nobody', loglevel: 'info', signal: options.signal } as const;
  const { colour, sound } = await headerOf(path, { ...job, options: [], output: 'none' }, options.colour);
  const times = new FrameTimes();
  const left = { ...bounds, seconds: Math.max(0.001, maxSeconds - (performance.now() - startedAt) / 1000) };
  const run = startFfmpeg({
    ...job,
    bounds: left,
    output: 'stdout',
    onLine: (line) => times.read(line),
    options: framesAsPpm(program, filterFor(colour, isOldFfmpeg(program))),
  });
  let frames = 0;
  let last: Rgb | undefined;
  try {
    for await (const frame of ppmFrames(run.stdout as AsyncIterable<Uint8Array>, { maxPixels })) {
      if (frames === maxFrames) throw new FilmRefusal('too_many_frames', `${path} has more than ${maxFrames} frames`);
      await onFrame(frame, frames);
      frames += 1;
      last = frame;
    }
    const exit = await run.ended;
    if (exit.code !== 0)
      throw new FilmRefusal('undecodable', `decoding ${path} ended after ${frames} frames: ${exit.message}`);
    if (last === undefined) throw new FilmRefusal('no_frames', `${path} has no frames`);
    return { frames, width: last.width, height: last.height, ...times.facts(frames), colour, sound };
  } catch (error) {
    options.signal?.throwIfAborted();
    // A frame that is cut off, or none at all, comes of whatever ended the decoder.
    const isOurs = error instanceof FilmRefusal && (error.reason === 'undecodable' || error.reason === 'no_frames');
    run.kill();
    throw isOurs ? refusalOf(await run.ended, `decoding ${path}`, bounds, () => error) : error;
  } finally {
    run.kill();
    await run.ended;
  }
}

/** The first video stream alone, as one picture after the other. */
const framesAsPpm = (program: string, filter: string): string[] => [
  ...['-map', '0:v:0', '-an', '-sn', '-dn'],
  ...everyFrameOnce(program),
  ...['-vf', filter, '-c:v', 'ppm', '-f', 'image2pipe'],
];

/** No frame dropped, doubled or brought to the size of the first. Before 4.4 ffmpeg had no way to say the last. */
const everyFrameOnce = (program: string): string[] =>
  isOldFfmpeg(program) ? ['-vsync', 'passthrough'] : ['-fps_mode', 'passthrough', '-autoscale', '0'];

const rgbFormats = /^(gbr|rgb|bgr|argb|abgr|0rgb|0bgr|rgba|bgra|pal8)/;

/** `Stream #0:1(und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)` */
const soundLine = /Stream #\S+.*: Audio: .*?\d+ Hz, ([^,]+)/;

/** `Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 96x64 [SAR 1:1 DAR 3:2]` */
async function headerOf(
  path: string,
  job: FfmpegJob,
  stated: FilmOptions['colour'],
): Promise<Pick<FilmFacts, 'colour' | 'sound'>> {
  const maxPixels = job.inputs[0]?.maxPixels ?? 0;
  const layouts: string[] = [];
  let stream: RegExpExecArray | undefined;
  let size: RegExpExecArray | undefined;
  const run = startFfmpeg({
    ...job,
    onLine: (line) => {
      // A size that is forbidden stands in the complaint and is missing in the description.
      size ??= /Picture size (\d+)x(\d+)|Stream #\S+.*: Video: .*?, (\d+)x(\d+)/.exec(line) ?? undefined;
      const layout = soundLine.exec(line)?.[1];
      if (layout !== undefined) layouts.push(layout.trim());
      stream ??= /Stream #\S+.*: Video: .*?, (\w+)(?:\(([^)]*)\))?,? .*?(\d+)x(\d+)/.exec(line) ?? undefined;
    },
  });
  run.stdout.resume();
  const exit = await run.ended;
  job.signal?.throwIfAborted();
  if (exit.cause === 'too_slow')
    throw refusalOf(exit, `reading the header of ${path}`, job.bounds, () => new FilmRefusal('not_a_film', path));
  const [wide = 0, tall = 0] = (size ?? [])
    .slice(1)
    .filter((number) => number !== undefined)
    .map(Number);
  if (wide * tall > maxPixels)
    throw new FilmRefusal('too_many_pixels', `a frame of ${wide} x ${tall} exceeds ${maxPixels} pixels`);
  if (stream === undefined)
    throw refusalOf(
      exit,
      `reading the header of ${path}`,
      job.bounds,
      () => new FilmRefusal('not_a_film', `${path} has no video: ${exit.message}`),
    );
  const [layout] = layouts;
  const sound = layout === undefined ? null : { tracks: layouts.length, layout };
  return { colour: colourOf(stream, stated), sound };
}

function colourOf(stream: RegExpExecArray, stated: FilmOptions['colour']): FilmColour {
  const [, format = '', notes = '', , height] = stream;
  if (rgbFormats.test(format)) return { kind: 'rgb' };
  if (stated) return { kind: 'yuv', ...stated, from: 'caller' };
  const range: ColourRange = /\bpc\b/.test(notes) || format.startsWith('yuvj') ? 'pc' : 'tv';
  if (/\bbt709\b/.test(notes)) return { kind: 'yuv', matrix: 'bt709', range, from: 'file' };
  if (/\b(bt470bg|smpte170m|bt601)\b/.test(notes)) return { kind: 'yuv', matrix: 'bt601', range, from: 'file' };
  return { kind: 'yuv', matrix: Number(height) >= 720 ? 'bt709' : 'bt601', range, from: 'assumed' };
}

/** `accurate_rnd` and full chroma: without them swscale is off by several levels. */
function filterFor(colour: FilmColour, isOld: boolean): string {
  const quality = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';
  const scale =
    colour.kind === 'rgb'
      ? `scale=${quality}`
      : `scale=in_color_matrix=${colour.matrix}:in_range=${colour.range}:out_range=pc:${quality}`;
  return `${scale},format=rgb24,showinfo${isOld ? '' : '=checksum=0'}`;
}

/** From the lines of ffmpeg's `showinfo`: the only place where the decoder says when each frame is shown. */
class FrameTimes {
  private first: number | undefined;
  private last = 0;
  private lastDuration = 0;
  private shortest = Infinity;
  private longest = 0;
  private sampleAspect = '1/1';

  /** @returns whether the line was about a frame */
  read(line: string): boolean {
    if (!line.startsWith('[Parsed_showinfo')) return false;
    const time = /\bpts_time:\s*(-?[\d.]+)/.exec(line)?.[1];
    if (time === undefined) return true;
    const seconds = Number(time);
    if (this.first === undefined) this.first = seconds;
    else {
      this.shortest = Math.min(this.shortest, seconds - this.last);
      this.longest = Math.max(this.longest, seconds - this.last);
    }
    this.last = seconds;
    this.lastDuration = Number(/\bduration_time:\s*([\d.]+)/.exec(line)?.[1] ?? 0);
    this.sampleAspect = /\bsar:(\d+\/\d+)/.exec(line)?.[1] ?? this.sampleAspect;
    return true;
  }

  facts(frames: number): Pick<FilmFacts, 'durationSeconds' | 'framesPerSecond' | 'variableRate' | 'sampleAspect'> {
    const step = frames > 1 ? (this.last - (this.first ?? 0)) / (frames - 1) : 0;
    // Some containers give no length for the last frame; it is then shown as long as the others on average.
    const durationSeconds = this.last - (this.first ?? 0) + (this.lastDuration > 0 ? this.lastDuration : step);
    return {
      durationSeconds,
      framesPerSecond: durationSeconds > 0 ? frames / durationSeconds : 0,
      variableRate: frames > 2 && this.longest - this.shortest > roundingSeconds,
      sampleAspect: this.sampleAspect === '0/1' ? '1/1' : this.sampleAspect,
    };
  }
}
