import { spawnSync } from 'node:child_process';

let found: { named: string | undefined; program: string | undefined } | undefined;

/**
 * The ffmpeg to run: `FFMPEG_PATH`, else `ffmpeg` on the path, else the build of 2018 that an optional npm package brings, which is good
 * enough for films that we made ourselves and never for uploads. Undefined where none runs; a `FFMPEG_PATH` that does not run is not replaced.
 */
export function findFfmpeg(): string | undefined {
  const named = process.env['FFMPEG_PATH'];
  if (found === undefined || found.named !== named) {
    const candidates = named === undefined ? ['ffmpeg', packagedFfmpeg()] : [named];
    found = { named, program: candidates.find((program) => program !== undefined && spawnSync(program, ['-version'], { stdio: 'ignore' }).status === 0) };
  }
  return found.program;
}

function packagedFfmpeg(): string | undefined {
  try {
    return require.resolve(`@ffmpeg-installer/${process.platform}-${process.arch}/ffmpeg${process.platform === 'win32' ? '.exe' : ''}`);
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
