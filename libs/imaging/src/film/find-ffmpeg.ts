import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { FilmRefusal } from './film-refusal';

/** The ffmpeg that is run here. */
export interface FoundFfmpeg {
  /** Absolute. */
  readonly program: string;
  /** As it calls itself: `7.1.2`, `N-47683-g0e8eb07980`. */
  readonly version: string;
  /** `setting`: FFMPEG_PATH; `system`: on the path; `package`: the optional npm package's. */
  readonly source: 'setting' | 'system' | 'package';
  /** Why another one would be better, and what to do; null where nothing is wrong with it. */
  readonly warning: string | null;
}

let found: { named: string | undefined; ffmpeg: FoundFfmpeg | undefined } | undefined;

/**
 * The ffmpeg to run: `FFMPEG_PATH`, else the one on the path, which the system keeps up to date, else the build of
 * 2018 that an optional npm package
 * brings. Undefined where none runs; a `FFMPEG_PATH` that does not run is not replaced.
 */
export function describeFfmpeg(): FoundFfmpeg | undefined {
  const named = process.env['FFMPEG_PATH'];
  if (found === undefined || found.named !== named)
    found = { named, ffmpeg: named === undefined ? best() : examined(resolve(named), 'setting') };
  return found.ffmpeg;
}

/** The program of `describeFfmpeg`. */
export const findFfmpeg = (): string | undefined => describeFfmpeg()?.program;

/** @throws FilmRefusal no_decoder */
export function ffmpegOrRefusal(): string {
  const program = findFfmpeg();
  if (program === undefined) throw new FilmRefusal('no_decoder', 'ffmpeg does not run; install it or set FFMPEG_PATH');
  return program;
}

function best(): FoundFfmpeg | undefined {
  const name = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(resolve(folder), name));
  for (const program of onPath.filter(isProgram)) {
    const ffmpeg = examined(program, 'system');
    if (ffmpeg !== undefined) return ffmpeg;
  }
  const packaged = packagedFfmpeg();
  return packaged === undefined ? undefined : examined(packaged, 'package');
}

function examined(program: string, source: FoundFfmpeg['source']): FoundFfmpeg | undefined {
  const { status, stdout } = spawnSync(program, ['-version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (status !== 0) return undefined;
  return {
    program,
    source,
    version: /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown',
    warning: warningFor(program, source),
  };
}

function warningFor(program: string, source: FoundFfmpeg['source']): string | null {
  if (!isOldFfmpeg(program)) return null;
  const what =
    source === 'package'
      ? 'the only ffmpeg here is a build of 2018 from an npm package: no security updates, and it fills holes'
      : `${program} is older than ffmpeg 5.1 and fills holes in damaged films`;
  return `${what}: install a current ffmpeg (apt install ffmpeg, brew install ffmpeg), or set FFMPEG_PATH`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Most folders of the path have none.
    return false;
  }
}

function packagedFfmpeg(): string | undefined {
  try {
    return require.resolve(
      `@ffmpeg-installer/${process.platform}-${process.arch}/ffmpeg${process.platform === 'win32' ? '.exe' : ''}`,
    );
  } catch {
    // An optional package: it exists for some platforms only.
    return undefined;
  }
}

const oldOnes = new Map<string, boolean>();

/** Whether a program that runs is from before 5.1, which spells some options otherwise. */
export function isOldFfmpeg(program: string): boolean {
  const known = oldOnes.get(program);
  if (known !== undefined) return known;
  const { stdout, status } = spawnSync(program, ['-hide_banner', '-h', 'long'], { encoding: 'utf8' });
  const isOld = status === 0 && !stdout.includes('-fps_mode');
  oldOnes.set(program, isOld);
  return isOld;
}
