import { spawnSync } from 'node:child_process';

/** The program that films need, or undefined where there is none: specs that need it are then skipped and say so. */
export function findFfmpeg(): string | undefined {
  const program = process.env['FFMPEG_PATH'] ?? 'ffmpeg';
  return spawnSync(program, ['-version'], { stdio: 'ignore' }).status === 0 ? program : undefined;
}
