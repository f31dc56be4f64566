import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { decoderIdentity } from './decoder-identity';
import { FilmRefusal } from './film-refusal';
import { HandedFiles } from './handed-files';

/** One input of ffmpeg. */
export interface FfmpegInput {
  /** The demuxer, by ffmpeg's name: told by whoever knows what the file is, never guessed by ffmpeg. */
  readonly format: 'mov' | 'matroska' | 'apng' | 'rawvideo' | 'f32le' | 'ffmetadata' | 'flac' | 'mp3' | 'ogg' | 'wav';
  readonly from: { readonly file: string } | 'stdin';
  /** What the demuxer has to be told: sizes and rates of raw data. */
  readonly options?: readonly string[];
  /** Of one frame. */
  readonly maxPixels?: number;
}

/** What a run may use. */
export interface FfmpegBounds {
  /** Of wall clock, and twice as many of processor time. */
  readonly seconds: number;
  /** Of address space, in bytes. */
  readonly memory: number;
  /** What a file that it writes may have, in bytes. */
  readonly written: number;
}

export interface FfmpegJob {
  readonly program: string;
  readonly inputs: readonly FfmpegInput[];
  /** What stands between the inputs and the output. */
  readonly options: readonly string[];
  readonly output: { readonly file: string } | 'stdout' | 'none';
  readonly bounds: FfmpegBounds;
  /**
   * `nobody`: a number that owns nothing, when this process is root. `own` is for encoding what we drew ourselves into
   * a folder of ours.
   */
  readonly runsAs: 'nobody' | 'own';
  /** `info` describes the streams and every frame. */
  readonly loglevel?: 'error' | 'info';
  /** Aborted, it ends at once. */
  readonly signal?: AbortSignal | undefined;
  /** @returns whether the line was a report and no complaint */
  readonly onLine?: (line: string) => boolean | void;
}

export interface FfmpegExit {
  readonly code: number | null;
  /** Ended by us (signal, time) or by the kernel for the time it took. */
  readonly cause: 'itself' | 'aborted' | 'too_slow';
  /** The last complaint. */
  readonly message: string;
  /** It asked for more memory than it may have. */
  readonly isOutOfMemory: boolean;
}

export interface FfmpegProcess {
  readonly pid: number | undefined;
  /** Null where no input comes from it. */
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  kill(): void;
  /** Settles when it is gone and its pipes are empty; never rejects. */
  readonly ended: Promise<FfmpegExit>;
}

/**
 * Decoders of what ComfyUI's nodes write, and of nothing else: the other four hundred are older and less looked after.
 */
const decoders = [
  'h264',
  'hevc',
  'vp8',
  'vp9',
  'libvpx',
  'libvpx-vp9',
  'av1',
  'libdav1d',
  'libaom-av1',
  'mpeg4',
  'prores',
  'ffv1',
  'apng',
  'rawvideo',
  'aac',
  'mp3',
  'mp3float',
  'opus',
  'libopus',
  'vorbis',
  'libvorbis',
  'flac',
  'pcm_s16le',
  'pcm_s24le',
  'pcm_f32le',
].join(',');

/** Bytes of one block: the largest frame that is let in, 16 million pixels of 64 bits, with room for its edges. */
const maxAllocation = 256 * 1024 * 1024;

/** Of standard error in all; a frame takes two hundred. */
const maxSaidBytes = 64 * 1024 * 1024;
const maxLine = 8 * 1024;

/**
 * Starts ffmpeg. Every run goes through here: the demuxer is told, files only are opened and no network, decoders are
 * those of a short list, memory, processor time, wall clock and output have an end, nothing of our environment is
 * handed on, and when we are root it is somebody who owns nothing. No text of a prompt belongs into `options`: every
 * user of the machine can read the arguments of a process.
 * @throws FilmRefusal no_decoder when the program is not there; the file system's error for a file that cannot be
 * opened
 */
export function startFfmpeg(job: FfmpegJob): FfmpegProcess {
  try {
    accessSync(job.program, constants.X_OK);
  } catch (cause) {
    throw new FilmRefusal('no_decoder', 'ffmpeg does not run; install it or set FFMPEG_PATH', { cause });
  }
  const identity = job.runsAs === 'nobody' ? decoderIdentity() : undefined;
  const files = new HandedFiles(identity);
  try {
    const program = identity === undefined ? job.program : files.read(job.program);
    const readsStdin = job.inputs.some(({ from }) => from === 'stdin');
    const args = argumentsOf(job, files);
    const [first, ...rest] = bounded(job.bounds, [program, ...args]);
    const stdio: StdioOptions = [readsStdin ? 'pipe' : 'ignore', 'pipe', 'pipe', ...files.descriptors];
    const child = spawn(first, rest, { stdio, cwd: '/', env: environment, ...identity });
    files.closeRead();
    return watched(child, job, () => files.takeBack());
  } catch (error) {
    files.closeRead();
    files.takeBack();
    throw error;
  }
}

/**
 * Where programs of the system lie, for a wrapper that somebody set as FFMPEG_PATH; arenas of threads would use up the
 * address space.
 */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', MALLOC_ARENA_MAX: '2' };

function argumentsOf({ inputs, options, output, loglevel = 'error' }: FfmpegJob, files: HandedFiles): string[] {
  const general = [
    '-y',
    '-hide_banner',
    '-nostdin',
    '-nostats',
    '-loglevel',
    loglevel,
    '-max_alloc',
    String(maxAllocation),
    '-filter_threads',
    '1',
  ];
  const to = output === 'none' ? [] : [output === 'stdout' ? 'pipe:1' : `file:${files.written(resolve(output.file))}`];
  return [...general, ...inputs.flatMap((input) => inputArguments(input, files)), ...options, ...to];
}

function inputArguments({ format, from, options = [], maxPixels }: FfmpegInput, files: HandedFiles): string[] {
  const lists = [
    '-protocol_whitelist',
    from === 'stdin' ? 'pipe' : 'file',
    '-format_whitelist',
    format,
    '-codec_whitelist',
    decoders,
  ];
  // A track of a film may say that its pictures lie in another file.
  const alone = format === 'mov' ? ['-enable_drefs', '0', '-use_absolute_path', '0'] : [];
  const decoding = maxPixels === undefined ? [] : ['-max_pixels', String(maxPixels), '-threads', '2'];
  return [
    ...lists,
    ...alone,
    ...decoding,
    '-f',
    format,
    ...options,
    '-i',
    from === 'stdin' ? 'pipe:0' : `file:${files.read(resolve(from.file))}`,
  ];
}

/** A limit that cannot be set is one that is lower already. Windows has neither the shell nor the limits. */
function bounded({ seconds, memory, written }: FfmpegBounds, command: readonly string[]): [string, ...string[]] {
  const [first = '', ...rest] = command;
  if (process.platform === 'win32') return [first, ...rest];
  const limits = [
    'ulimit -c 0',
    `ulimit -t ${Math.ceil(seconds) * 2 + 1}`,
    `ulimit -f ${Math.ceil(written / 512)}`,
    // macOS knows no limit of address space.
    ...(process.platform === 'darwin' ? [] : [`ulimit -v ${Math.ceil(memory / 1024)}`]),
  ];
  return ['/bin/sh', '-c', `{ ${limits.join('; ')}; } 2>/dev/null; exec "$@"`, 'sh', first, ...rest];
}

function watched(child: ChildProcess, { bounds, signal, onLine }: FfmpegJob, tidy: () => void): FfmpegProcess {
  let cause: FfmpegExit['cause'] = 'itself';
  let message = '';
  let isOutOfMemory = false;
  const kill = (): void => void child.kill('SIGKILL');
  const end = (why: FfmpegExit['cause']) => (): void => {
    if (cause === 'itself') cause = why;
    kill();
  };
  const abort = end('aborted');
  const timer = setTimeout(end('too_slow'), bounds.seconds * 1000);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  eachLine(child.stderr as Readable, kill, (line) => {
    if (line.includes('Cannot allocate memory')) isOutOfMemory = true;
    if (onLine?.(line) !== true && line.trim() !== '') message = line.trim().slice(0, 500);
  });
  const ended = new Promise<FfmpegExit>((settle, fail) => {
    const settled = (code: number | null, by: NodeJS.Signals | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      try {
        tidy();
      } catch (error) {
        // What the child wrote could not be brought where it belongs.
        return fail(error as Error);
      }
      settle({ code, cause: by === 'SIGXCPU' ? 'too_slow' : cause, message, isOutOfMemory });
    };
    child.once('error', (error) => {
      message = error.message;
      settled(null, null);
    });
    child.once('close', settled);
  });
  return { pid: child.pid, stdin: child.stdin, stdout: child.stdout as Readable, kill, ended };
}

/** Lines, cut at a length that no report has; `tooMuch` for somebody who never stops talking. */
function eachLine(stream: Readable, tooMuch: () => void, onLine: (line: string) => void): void {
  let rest = '';
  let said = 0;
  stream.setEncoding('utf8').on('data', (text: string) => {
    said += text.length;
    if (said > maxSaidBytes) return tooMuch();
    const lines = `${rest}${text}`.split(/[\r\n]/);
    rest = (lines.pop() ?? '').slice(0, maxLine);
    for (const line of lines) onLine(line.slice(0, maxLine));
  });
  stream.on('end', () => onLine(rest));
}

/**
 * Why a run failed, as a refusal: what of it was ours to forbid, else `otherwise`.
 * @param doing what it was about: "decoding a.mp4"
 */
export function refusalOf(
  exit: FfmpegExit,
  doing: string,
  bounds: FfmpegBounds,
  otherwise: () => FilmRefusal,
): FilmRefusal {
  if (exit.cause === 'too_slow') return new FilmRefusal('too_slow', `${doing} took more than ${bounds.seconds} s`);
  if (exit.isOutOfMemory)
    return new FilmRefusal(
      'over_budget',
      `${doing} needs more than ${Math.round(bounds.memory / 1024 ** 2)} MiB of memory`,
    );
  return otherwise();
}
