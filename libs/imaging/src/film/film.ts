import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Rgb } from '../picture';
import { FilmRefusal } from './film-refusal';
import { findFfmpeg, isOldFfmpeg } from './find-ffmpeg';
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
  const deadline = AbortSignal.timeout(maxSeconds * 1000);
  // A missing file says nothing about a film: the file system's own error.
  await access(path);
  const colour = await colourOf(path, options, deadline);
  const child = startFfmpeg(options, [
    ...inputOf(path),
    '-map',
    '0:v:0',
    '-an',
    '-sn',
    '-dn',
    ...everyFrameOnce(options),
    ...['-vf', filterFor(colour, isOldFfmpeg(programOf(options)))],
    '-c:v',
    'ppm',
    '-f',
    'image2pipe',
    'pipe:1',
  ]);
  const times = new FrameTimes();
  const ended = exitOf(child, (line) => times.read(line));
  const stop = (): void => void child.kill('SIGKILL');
  const signals = [deadline, ...(options.signal ? [options.signal] : [])];
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
  let frames = 0;
  let last: Rgb | undefined;
  try {
    for await (const frame of ppmFrames(child.stdout as AsyncIterable<Uint8Array>, { maxPixels })) {
      if (frames === maxFrames) throw new FilmRefusal('too_many_frames', `${path} has more than ${maxFrames} frames`);
      await onFrame(frame, frames);
      frames += 1;
      last = frame;
    }
    const { code, message } = await ended;
    if (code !== 0) throw new FilmRefusal('undecodable', `decoding ${path} ended after ${frames} frames: ${message}`);
    if (last === undefined) throw new FilmRefusal('no_frames', `${path} has no frames`);
    return { frames, width: last.width, height: last.height, ...times.facts(frames), colour };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (deadline.aborted) throw new FilmRefusal('too_slow', `decoding ${path} took more than ${maxSeconds} s`, { cause: error });
    throw error;
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', stop);
    stop();
    await ended.catch(() => undefined);
  }
}

/** Files only, and never a network address that a playlist names. */
const inputOf = (path: string): string[] => ['-protocol_whitelist', 'file', '-i', `file:${resolve(path)}`];

const programOf = ({ ffmpeg = findFfmpeg() ?? 'ffmpeg' }: FilmOptions): string => ffmpeg;

/** No frame dropped, doubled or brought to the size of the first. Before 4.4 ffmpeg had no way to say the last. */
const everyFrameOnce = (options: FilmOptions): string[] =>
  isOldFfmpeg(programOf(options)) ? ['-vsync', 'passthrough'] : ['-fps_mode', 'passthrough', '-autoscale', '0'];

function startFfmpeg(options: FilmOptions, args: readonly string[]): ChildProcess {
  // A damaged packet ends the run: concealed pictures would be judged as if they were there.
  return spawn(programOf(options), ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'info', '-xerror', '-err_detect', 'explode', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

interface Exit {
  readonly code: number | null;
  /** The last line that is no report about a frame. */
  readonly message: string;
}

async function exitOf(child: ChildProcess, onLine: (line: string) => boolean | void): Promise<Exit> {
  let message = '';
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (onLine(line) !== true && line.trim() !== '') message = line.trim().slice(0, 500);
  });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, message };
  } catch (cause) {
    throw new FilmRefusal('no_decoder', 'ffmpeg does not run; install it or set FFMPEG_PATH', { cause });
  }
}

const rgbFormats = /^(gbr|rgb|bgr|argb|abgr|0rgb|0bgr|rgba|bgra|pal8)/;

/** `Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 96x64 [SAR 1:1 DAR 3:2]` */
async function colourOf(path: string, options: FilmOptions, deadline: AbortSignal): Promise<FilmColour> {
  const child = startFfmpeg(options, inputOf(path));
  const stop = (): void => void child.kill('SIGKILL');
  const signals = [deadline, ...(options.signal ? [options.signal] : [])];
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
  let stream: RegExpExecArray | undefined;
  child.stdout?.resume();
  const { message } = await exitOf(child, (line) => {
    stream ??= /Stream #\S+.*: Video: .*?, (\w+)(?:\(([^)]*)\))?,? .*?(\d+)x(\d+)/.exec(line) ?? undefined;
  }).finally(() => {
    for (const signal of signals) signal.removeEventListener('abort', stop);
  });
  options.signal?.throwIfAborted();
  if (deadline.aborted) throw new FilmRefusal('too_slow', `reading the header of ${path} took too long`);
  if (stream === undefined) throw new FilmRefusal('not_a_film', `${path} has no video: ${message}`);
  const [, format = '', notes = '', , height] = stream;
  if (rgbFormats.test(format)) return { kind: 'rgb' };
  if (options.colour) return { kind: 'yuv', ...options.colour, from: 'caller' };
  const range: ColourRange = /\bpc\b/.test(notes) || format.startsWith('yuvj') ? 'pc' : 'tv';
  if (/\bbt709\b/.test(notes)) return { kind: 'yuv', matrix: 'bt709', range, from: 'file' };
  if (/\b(bt470bg|smpte170m|bt601)\b/.test(notes)) return { kind: 'yuv', matrix: 'bt601', range, from: 'file' };
  return { kind: 'yuv', matrix: Number(height) >= 720 ? 'bt709' : 'bt601', range, from: 'assumed' };
}

/** `accurate_rnd` and full chroma: without them swscale is off by several levels. */
function filterFor(colour: FilmColour, isOld: boolean): string {
  const quality = 'flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp';
  const scale =
    colour.kind === 'rgb' ? `scale=${quality}` : `scale=in_color_matrix=${colour.matrix}:in_range=${colour.range}:out_range=pc:${quality}`;
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
