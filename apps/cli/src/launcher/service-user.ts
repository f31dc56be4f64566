import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { filesOf } from '@tower/comfyui';
import { serviceNames, type GpuConfig } from '@tower/contracts';
import { describeError, repositoryRoot } from '@tower/kit';
import { incomingFolder, thumbnailsFolder } from '@tower/library';
import { ownUid } from '@tower/machine';
import type { TowerEnv } from '../env';
import { giveFolder, type User } from './own-files';

/** As whom the services run when root starts Tower. */
export interface ServiceUser {
  /** Undefined: as whoever the launcher is. */
  readonly user: User | undefined;
  /**
   * Why the services of a launcher that is root stay root, and what to do about it; empty when they do not, or when it
   * is not root.
   */
  readonly stayRootBecause: readonly string[];
}

/** Kept in the home. */
interface Kept {
  /** The number that was drawn for this home. */
  readonly uid: string;
  /** To whom which library was given; gone as soon as root writes there again. */
  readonly given: string;
}

const keptIn = (home: string): Kept => ({ uid: join(home, 'services.uid'), given: join(home, 'services.library') });

/**
 * Steps down from root: services and simulators run as the owner of the library when that is somebody, else as a user
 * of this home alone. They stay root where something of what they are configured to do needs it, or where such a user
 * cannot reach the files. The library is given to the user here, as far as root made it.
 */
export function chooseServiceUser(env: TowerEnv, gpus: readonly GpuConfig[]): ServiceUser {
  if (!isRoot()) return { user: undefined, stayRootBecause: [] };
  const kept = keptIn(env.TOWER_HOME);
  try {
    mkdirSync(env.TOWER_LIBRARY, { recursive: true });
    const planned = plan(env, gpus, () => ownUid(kept.uid));
    if (planned.user !== undefined) {
      giveLibrary(env.TOWER_LIBRARY, planned.user, kept.given);
      if (mayDo(planned.user, 'test -w "$1" && test -x "$1"', env.TOWER_LIBRARY)) return planned;
    }
    rmSync(kept.given, { force: true });
    const closed = `${env.TOWER_LIBRARY} is not writable for user ${planned.user?.uid ?? ''}`;
    return { user: undefined, stayRootBecause: planned.user === undefined ? planned.stayRootBecause : [closed] };
  } catch (error) {
    rmSync(kept.given, { force: true });
    return { user: undefined, stayRootBecause: [`stepping down failed: ${describeError(error)}`] };
  }
}

/** What `chooseServiceUser` would come to, as far as that can be told without changing anything. */
export function planServiceUser(env: TowerEnv, gpus: readonly GpuConfig[]): ServiceUser {
  if (!isRoot()) return { user: undefined, stayRootBecause: [] };
  const { uid } = keptIn(env.TOWER_HOME);
  return plan(env, gpus, () => (existsSync(uid) ? Number(readFileSync(uid, 'utf8')) : anyUid));
}

/** Stands for the number that will be drawn: all of them have the same rights, none. */
const anyUid = 65_519;

const isRoot = (): boolean => process.platform === 'linux' && process.getuid?.() === 0;

function plan(env: TowerEnv, gpus: readonly GpuConfig[], drawUid: () => number): ServiceUser {
  const library = existsSync(env.TOWER_LIBRARY) ? realpathSync(env.TOWER_LIBRARY) : undefined;
  const owner = library === undefined ? { uid: 0, gid: 0 } : lstatSync(library);
  const uid = owner.uid === 0 ? drawUid() : owner.uid;
  const user = { uid, gid: owner.uid === 0 || owner.gid === 0 ? uid : owner.gid };
  const ofLibrary = library === undefined ? [] : libraryReasons(library, owner.uid);
  const reasons = [...needsOfRoot(env, gpus), ...ofLibrary, ...unreachable(env, gpus, user)];
  return { user: reasons.length === 0 ? user : undefined, stayRootBecause: reasons };
}

/** The folder itself, or the one in which it will be made. */
function nearest(path: string): string {
  return existsSync(path) ? realpathSync(path) : nearest(dirname(path));
}

/** One sentence for people. */
export const rootWarning = (reasons: readonly string[]): string =>
  `the services run as root: ${reasons.join('; ')}. ` +
  'Start Tower as an ordinary user who owns its folders, or put them where every user may pass';

/** A folder in the home, where nobody else keeps anything: a simulator's. */
export function giveToUser(folder: string, user: User | undefined): void {
  mkdirSync(folder, { recursive: true });
  if (user !== undefined) giveFolder(folder, user, 'all');
}

/** Whether somebody can run a program and work in a folder: for servers that take a user of their own each. */
export function canServe(user: User, program: string, folder: string): boolean {
  return mayDo(user, '"$1" --version >/dev/null 2>&1 && cd "$2"', program, folder);
}

function needsOfRoot(env: TowerEnv, gpus: readonly GpuConfig[]): string[] {
  const restarted = gpus.filter((gpu) => gpu.restart_command !== undefined).map((gpu) => gpu.name);
  return [
    ...(restarted.length === 0 ? [] : [`the restart_command of ${restarted.join(', ')} would run as another user`]),
    ...(env.TOWER_PORT > 0 && env.TOWER_PORT < leastOpenPort() ? [`port ${env.TOWER_PORT} is open to root only`] : []),
  ];
}

function leastOpenPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return 1024;
  }
}

/** Whoever keeps other things in a folder of root's has not asked to give them away. */
function libraryReasons(library: string, owner: number): string[] {
  if (owner === nobody) return [`the library ${library} belongs to nobody (65534)`];
  return owner === 0 && !isOurs(library)
    ? [`the library ${library} belongs to root and holds more than Tower's files; chown it to a user`]
    : [];
}

const nobody = 65_534;

const isOurs = (library: string): boolean =>
  readdirSync(library).length === 0 ||
  [incomingFolder, thumbnailsFolder].some((name) => existsSync(join(library, name)));

function giveLibrary(library: string, user: User, given: string): void {
  const mark = `${user.uid} ${realpathSync(library)}\n`;
  if (
    !isOurs(library) ||
    (existsSync(given) && readFileSync(given, 'utf8') === mark && lstatSync(library).uid === user.uid)
  )
    return;
  giveFolder(realpathSync(library), user, 'of root');
  writeFileSync(given, mark);
}

/** What the services read and where they write, as far as this user cannot: the kernel is asked, not the mode bits. */
function unreachable(env: TowerEnv, gpus: readonly GpuConfig[], user: User): string[] {
  const scripts = [...serviceNames, 'comfy-sim'].map((app) => join(repositoryRoot, 'apps', app, 'dist', 'main.js'));
  const code = [
    ...scripts,
    ...['libs/kit/dist/index.js', 'node_modules/sharp/package.json', 'workflows', 'package.json'].map((path) =>
      join(repositoryRoot, path),
    ),
  ];
  const ofCards = filesOf(gpus, dirname(env.TOWER_GPUS_FILE));
  const settings = [env.TOWER_GPUS_FILE, env.TOWER_MODELS_FILE, env.TOWER_MODELS_MANIFEST, ...ofCards].filter((file) =>
    existsSync(file),
  );
  const models = gpus.flatMap((gpu) =>
    gpu.models_folder !== undefined && existsSync(gpu.models_folder) ? [gpu.models_folder] : [],
  );
  const checks: [boolean, string][] = [
    [
      mayDo(user, '"$1" --version >/dev/null 2>&1', process.execPath),
      `user ${user.uid} cannot run ${process.execPath}`,
    ],
    [
      mayDo(user, readable, ...code) && mayDo(user, 'cd "$1"', repositoryRoot),
      `user ${user.uid} cannot read ${repositoryRoot}`,
    ],
    [mayDo(user, readable, ...settings), `user ${user.uid} cannot read one of ${settings.join(', ')}`],
    [mayDo(user, 'cd "$1"', nearest(env.TOWER_HOME)), `user ${user.uid} cannot pass to ${env.TOWER_HOME}`],
    [
      mayDo(user, 'cd "$1"', dirname(nearest(env.TOWER_LIBRARY))),
      `user ${user.uid} cannot pass to ${env.TOWER_LIBRARY}`,
    ],
    [
      mayDo(user, 'for f in "$@"; do test -w "$f" || exit 1; done', ...models),
      `models could not be downloaded to ${models.join(', ')} by user ${user.uid}`,
    ],
    [
      env.FFMPEG_PATH === undefined || mayDo(user, 'test -x "$1"', env.FFMPEG_PATH),
      `user ${user.uid} cannot run ${env.FFMPEG_PATH ?? ''}`,
    ],
  ];
  return checks.filter(([isFine]) => !isFine).map(([, reason]) => reason);
}

const readable = 'for f in "$@"; do test -r "$f" || exit 1; done';

/** Runs a few words of shell as the user; `$1` and on are the arguments. */
function mayDo(user: User, script: string, ...args: readonly string[]): boolean {
  const options = {
    ...user,
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    stdio: 'ignore',
    timeout: 10_000,
  } as const;
  return spawnSync('/bin/sh', ['-c', script, 'sh', ...args], options).status === 0;
}
