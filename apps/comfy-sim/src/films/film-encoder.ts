import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startFfmpeg, type FfmpegInput, type FfmpegProcess } from '@tower/imaging';
import type { Sound } from '../sound/sound';

/** What ffmpeg complained of, or that the pipe to it broke. */
export class EncoderFailed extends Error {}

export interface FilmFile {
  readonly path: string;
  /** Of every frame, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** ffmpeg's options between the inputs and the file. */
  readonly options: readonly string[];
  /** Goes into the container under these names. */
  readonly texts?: ReadonlyMap<string, string>;
  readonly sound?: { readonly sound: Sound; readonly options: readonly string[] };
}

export interface EncoderPlace {
  readonly ffmpeg: string;
  /** For what has to lie on disk while a film is encoded. */
  readonly tempFolder: string;
  /** Aborted when the server dies; the encoder dies with it. */
  readonly gone: AbortSignal;
}

/** sRGB pictures as BT.709 with limited range, said in the file, so that nobody has to guess. */
const colourTags = ['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'];
export const toBt709 = 'scale=out_color_matrix=bt709:out_range=tv';
/** The same pictures give the same bytes: no version and time in the file, and no race between threads. */
const reproducible = ['-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact', '-threads', '1'];

/** A film on a slow machine takes minutes; encoders of today's formats hold dozens of frames. Bytes. */
const bounds = { seconds: 3_600, memory: 6 * 1024 ** 3, written: 4 * 1024 ** 3 };

/** One ffmpeg that takes raw frames on its input and writes one file. All options are known to 4.1 and to 8. */
export class FilmEncoder {
  private hasEnded = false;
  private readonly ended: Promise<number | null>;

  private constructor(
    private readonly run: FfmpegProcess,
    private readonly place: EncoderPlace,
    private readonly leftovers: readonly string[],
    private readonly said: readonly string[],
  ) {
    // A broken pipe is told by the exit code.
    run.stdin?.on('error', () => undefined);
    run.stdout.resume();
    this.ended = run.ended.then(({ code }) => {
      this.hasEnded = true;
      return code;
    });
    // Left alone, it would take the end of its input for the end of the film.
    process.once('exit', run.kill);
  }

  static open(film: FilmFile, place: EncoderPlace): FilmEncoder {
    const leftovers: string[] = [];
    const { sound, texts } = film;
    const size = `${film.width}x${film.height}`;
    const inputs: FfmpegInput[] = [
      {
        format: 'rawvideo',
        from: 'stdin',
        options: ['-pix_fmt', 'rgb24', '-s', size, '-r', String(film.framesPerSecond)],
      },
    ];
    const maps = film.options.includes('-filter_complex') ? [] : ['-map', '0:v'];
    if (sound !== undefined) {
      inputs.push({
        ...sound.sound.ffmpegInput,
        from: { file: besides(place, leftovers, 'sound.f32', sound.sound.interleaved()) },
      });
      maps.push('-map', '1:a', ...sound.options);
    }
    if (texts !== undefined && texts.size > 0) {
      maps.push('-map_metadata', String(inputs.length));
      inputs.push(textsInput(place, leftovers, texts));
    }
    const said: string[] = [];
    const run = startFfmpeg({
      program: place.ffmpeg,
      inputs,
      options: [...maps, ...reproducible, ...colourTags, ...film.options],
      output: { file: film.path },
      bounds,
      runsAs: 'own',
      signal: place.gone,
      onLine: (line) => void said.push(line),
    });
    return new FilmEncoder(run, place, leftovers, said);
  }

  /** @throws EncoderFailed when ffmpeg takes nothing more */
  async write(frame: Buffer): Promise<void> {
    const { stdin } = this.run;
    if (stdin === null || !stdin.writable) throw await this.failure();
    if (stdin.write(frame)) return;
    await Promise.race([once(stdin, 'drain'), this.ended]);
    if (this.hasEnded || !stdin.writable) throw await this.failure();
  }

  /** @throws EncoderFailed when the file did not come about */
  async close(): Promise<void> {
    this.run.stdin?.end();
    const code = await this.tidy();
    this.place.gone.throwIfAborted();
    if (code !== 0) throw new EncoderFailed(this.said.join('\n'));
  }

  /** Ends early: what was written so far becomes the file. */
  async abandon(): Promise<void> {
    this.run.stdin?.end();
    await this.tidy();
  }

  private async tidy(): Promise<number | null> {
    const code = await this.ended;
    process.removeListener('exit', this.run.kill);
    removeAll(this.leftovers);
    return code;
  }

  private async failure(): Promise<EncoderFailed> {
    await this.tidy();
    this.place.gone.throwIfAborted();
    return new EncoderFailed(this.said.join('\n'));
  }
}

/** A file that ffmpeg needs beside its input. Prompts are among them: nobody else is to read it. */
function besides(place: EncoderPlace, leftovers: string[], name: string, content: string | Buffer): string {
  mkdirSync(place.tempFolder, { recursive: true });
  const file = path.join(place.tempFolder, `${randomUUID()}-${name}`);
  writeFileSync(file, content, { mode: 0o600 });
  leftovers.push(file);
  return file;
}

/**
 * Texts for a container, as a file: the arguments of a process are there for all to read. Old versions cut them at
 * 1,023 bytes.
 */
const textsInput = (place: EncoderPlace, leftovers: string[], texts: ReadonlyMap<string, string>): FfmpegInput => ({
  format: 'ffmetadata',
  from: { file: besides(place, leftovers, 'texts.txt', ffmetadata(texts)) },
});

function removeAll(files: readonly string[]): void {
  for (const file of files) rmSync(file, { force: true });
}

/** Its syntax gives a meaning to = ; # \ and to the ends of lines. */
function ffmetadata(texts: ReadonlyMap<string, string>): string {
  return [';FFMETADATA1', ...[...texts].map(([key, text]) => `${key}=${text.replace(/[=;#\\\n]/g, '\\$&')}`), ''].join(
    '\n',
  );
}

interface FfmpegWork {
  readonly inputs: readonly FfmpegInput[];
  readonly options: readonly string[];
  readonly output: { readonly file: string } | 'stdout';
  /** Goes into the container under these names; it becomes the last input. */
  readonly texts?: ReadonlyMap<string, string>;
  /** For the input that comes from there. */
  readonly stdin?: Buffer;
}

/** Runs ffmpeg to its end. @returns what it wrote to its output. @throws EncoderFailed */
export async function runFfmpeg(
  { inputs, options, output, texts, stdin }: FfmpegWork,
  place: EncoderPlace,
): Promise<Buffer> {
  const leftovers: string[] = [];
  const [out, errors]: [Buffer[], string[]] = [[], []];
  const isTexted = texts !== undefined && texts.size > 0;
  try {
    const run = startFfmpeg({
      program: place.ffmpeg,
      inputs: isTexted ? [...inputs, textsInput(place, leftovers, texts)] : inputs,
      options: isTexted ? ['-map_metadata', String(inputs.length), ...options] : options,
      output,
      // What writes files writes them where only we may; what only reads may be nobody.
      bounds: output === 'stdout' ? { ...bounds, written: 0 } : bounds,
      runsAs: output === 'stdout' ? 'nobody' : 'own',
      signal: place.gone,
      onLine: (line) => void errors.push(line),
    });
    run.stdout.on('data', (part: Buffer) => out.push(part));
    run.stdin?.on('error', () => undefined);
    run.stdin?.end(stdin);
    const { code } = await run.ended;
    place.gone.throwIfAborted();
    if (code !== 0) throw new EncoderFailed(errors.join('\n'));
    return Buffer.concat(out);
  } finally {
    removeAll(leftovers);
  }
}
