import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
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

/** One ffmpeg that takes raw frames on its input and writes one file. All options are known to 4.1 and to 8. */
export class FilmEncoder {
  private errors = '';
  private readonly ended: Promise<number | null>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly place: EncoderPlace,
    private readonly leftovers: readonly string[],
  ) {
    child.stderr?.on('data', (part: Buffer) => (this.errors += part.toString('utf8')));
    // A broken pipe is told by the exit code.
    child.stdin?.on('error', () => undefined);
    this.ended = once(child, 'close').then(([code]) => code as number | null);
    place.gone.addEventListener('abort', this.kill, { once: true });
    // Left alone, it would take the end of its input for the end of the film.
    process.once('exit', this.kill);
  }

  static open(film: FilmFile, place: EncoderPlace): FilmEncoder {
    mkdirSync(place.tempFolder, { recursive: true });
    const leftovers: string[] = [];
    const besides = (name: string, content: string | Buffer): string => {
      const file = path.join(place.tempFolder, `${randomUUID()}-${name}`);
      writeFileSync(file, content);
      leftovers.push(file);
      return file;
    };
    const { sound, texts } = film;
    const inputs = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${film.width}x${film.height}`, '-r', String(film.framesPerSecond), '-i', 'pipe:0'];
    const maps = film.options.includes('-filter_complex') ? [] : ['-map', '0:v'];
    if (sound !== undefined) {
      inputs.push(...sound.sound.ffmpegFormat, '-i', besides('sound.f32', sound.sound.interleaved()));
      maps.push('-map', '1:a', ...sound.options);
    }
    if (texts !== undefined && texts.size > 0) {
      inputs.push('-f', 'ffmetadata', '-i', besides('texts.txt', ffmetadata(texts)));
      maps.push('-map_metadata', sound === undefined ? '1' : '2');
    }
    const args = ['-v', 'error', '-y', ...inputs, ...maps, ...reproducible, ...colourTags, ...film.options, film.path];
    return new FilmEncoder(spawn(place.ffmpeg, args, { stdio: ['pipe', 'ignore', 'pipe'] }), place, leftovers);
  }

  /** @throws EncoderFailed when ffmpeg takes nothing more */
  async write(frame: Buffer): Promise<void> {
    const { stdin } = this.child;
    if (stdin === null || !stdin.writable) throw await this.failure();
    if (stdin.write(frame)) return;
    await Promise.race([once(stdin, 'drain'), this.ended]);
    if (this.child.exitCode !== null || !stdin.writable) throw await this.failure();
  }

  /** @throws EncoderFailed when the file did not come about */
  async close(): Promise<void> {
    this.child.stdin?.end();
    const code = await this.tidy();
    this.place.gone.throwIfAborted();
    if (code !== 0) throw new EncoderFailed(this.errors);
  }

  /** Ends early: what was written so far becomes the file. */
  async abandon(): Promise<void> {
    this.child.stdin?.end();
    await this.tidy();
  }

  private readonly kill = (): void => void this.child.kill('SIGKILL');

  private async tidy(): Promise<number | null> {
    const code = await this.ended;
    this.place.gone.removeEventListener('abort', this.kill);
    process.removeListener('exit', this.kill);
    for (const file of this.leftovers) rmSync(file, { force: true });
    return code;
  }

  private async failure(): Promise<EncoderFailed> {
    await this.tidy();
    this.place.gone.throwIfAborted();
    return new EncoderFailed(this.errors);
  }
}

/** Its syntax gives a meaning to = ; # \ and to the ends of lines. */
function ffmetadata(texts: ReadonlyMap<string, string>): string {
  return [';FFMETADATA1', ...[...texts].map(([key, text]) => `${key}=${text.replace(/[=;#\\\n]/g, '\\$&')}`), ''].join('\n');
}

/** Runs ffmpeg to its end. @throws EncoderFailed */
export async function runFfmpeg(args: readonly string[], input: Buffer, { ffmpeg, gone }: EncoderPlace): Promise<Buffer> {
  const child = spawn(ffmpeg, ['-v', 'error', ...args], { stdio: 'pipe' });
  const kill = (): void => void child.kill('SIGKILL');
  gone.addEventListener('abort', kill, { once: true });
  const [out, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => errors.push(part));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  gone.removeEventListener('abort', kill);
  gone.throwIfAborted();
  if (code !== 0) throw new EncoderFailed(Buffer.concat(errors).toString('utf8'));
  return Buffer.concat(out);
}
