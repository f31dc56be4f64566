import type { MachineView } from '@tower/contracts';
import { describeFfmpeg } from '@tower/imaging';

/** What this process runs with, and what a person should change although everything works. */
export function describeMachine(
  env: NodeJS.ProcessEnv = process.env,
  uid: number | undefined = process.getuid?.(),
): MachineView {
  const found = describeFfmpeg();
  const ffmpeg = found === undefined ? null : { version: found.version, source: found.source, warning: found.warning };
  return { ffmpeg, warnings: [...rootWarnings(env, uid), ...ffmpegWarnings(ffmpeg)] };
}

/** The launcher knows why; a service that was started otherwise knows only that it is so. */
function rootWarnings(env: NodeJS.ProcessEnv, uid: number | undefined): string[] {
  if (uid !== 0) return [];
  return [env['TOWER_RUNS_AS_ROOT'] ?? 'the services run as root: start them as an ordinary user who owns the library'];
}

function ffmpegWarnings(ffmpeg: MachineView['ffmpeg']): string[] {
  if (ffmpeg === null) return ['there is no ffmpeg, so films cannot be rendered: install it or set FFMPEG_PATH'];
  return ffmpeg.warning === null ? [] : [ffmpeg.warning];
}
