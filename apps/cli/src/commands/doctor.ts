import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { inspectNats, versionWarning } from '@tower/bus';
import { readGpuConfig, type ConfiguredGpu } from '@tower/comfyui';
import { describeFfmpeg } from '@tower/imaging';
import { describeError, repositoryRoot, withoutCredentials } from '@tower/kit';
import { examineFileSystem, lacksOf, ownFault, unfitBecause } from '@tower/library';
import { findNatsServer } from '@tower/machine';
import { ModelStore } from '@tower/models';
import { intersects, ltr, major, satisfies } from 'semver';
import { readTowerEnv, type TowerEnv } from '../env';
import { freeBytes, roomFor } from '../launcher/home-room';
import { assertPublicPortFree } from '../launcher/ports';
import { findRunningTower } from '../launcher/running-tower';
import { planServiceUser, rootWarning } from '../launcher/service-user';
import { checkSameServers, checkSocket } from './card-checks';
import { examineCard } from './examine-card';
import { gigabytes } from './status';

export interface Finding {
  readonly what: string;
  readonly level: 'ok' | 'note' | 'problem';
  /** What was seen, and for anything but `ok` what to do about it. */
  readonly detail: string;
}

const leastFreeBytes = 5 * 1024 ** 3;
const askTimeoutMs = 3_000;

/** Looks at everything that a start needs and says what to do; 1 when something would not work. */
export async function doctor(options: { json: boolean }): Promise<number> {
  const findings: Finding[] = [];
  for await (const finding of examine()) {
    findings.push(finding);
    if (!options.json) process.stdout.write(`${marks[finding.level]} ${finding.what.padEnd(12)} ${finding.detail}\n`);
  }
  const isFine = findings.every((finding) => finding.level !== 'problem');
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: isFine, findings })}\n`);
  return isFine ? 0 : 1;
}

const marks: Record<Finding['level'], string> = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' };

async function* examine(): AsyncGenerator<Finding> {
  yield checkNode(
    process.versions.node,
    (JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { engines: { node: string } }).engines
      .node,
  );
  let env: TowerEnv;
  let gpus: ConfiguredGpu[];
  try {
    env = readTowerEnv();
    gpus = readGpuConfig(env);
    ModelStore.read(env);
  } catch (error) {
    yield { what: 'settings', level: 'problem', detail: describeError(error) };
    return;
  }
  yield { what: 'settings', level: 'ok', detail: `home ${env.TOWER_HOME}` };
  yield* await Promise.all([checkPort(env), checkDatabase(env), checkNats(env)]);
  yield checkFfmpeg(env);
  yield checkHome(env.TOWER_HOME);
  yield await checkLibrary(env.TOWER_LIBRARY);
  yield checkUser(env, gpus);
  if (gpus.length === 0)
    yield {
      what: 'cards',
      level: 'note',
      detail: `none configured: two are simulated. Real ones go into ${env.TOWER_GPUS_FILE} or TOWER_GPUS`,
    };
  yield* (await Promise.all(gpus.map(checkCard))).flat();
  yield* await checkSameServers(gpus);
  for (const { name, models_folder: folder } of gpus)
    if (folder !== undefined)
      yield existsSync(folder)
        ? checkFolder(`${name} models`, folder)
        : {
            what: `${name} models`,
            level: 'problem',
            detail: `${folder} is not there; mount it, or correct models_folder in ${env.TOWER_GPUS_FILE}`,
          };
}

/**
 * Whether the Node that runs this is one that Tower is tested on. `tested` is `engines.node` of package.json: the first
 * version of each line, as in `^20.19 || ^24.11`. One that is older than the first of its line, or than all, is a
 * problem; a line that is not named is only noted, because nothing is known against it.
 */
export function checkNode(version: string, tested: string): Finding {
  if (satisfies(version, tested, { includePrerelease: true })) return { what: 'node', level: 'ok', detail: version };
  const isOfTestedLine = intersects(`${major(version)}.x`, tested);
  return isOfTestedLine || ltr(version, tested)
    ? { what: 'node', level: 'problem', detail: `${version} is too old; Tower needs ${tested}` }
    : { what: 'node', level: 'note', detail: `${version} is none that Tower is tested on: ${tested}` };
}

async function checkPort(env: TowerEnv): Promise<Finding> {
  const running = findRunningTower(env.TOWER_HOME);
  if (running !== undefined)
    return { what: 'port', level: 'ok', detail: `Tower runs here: ${running.url} (process ${running.pid})` };
  if (env.TOWER_PORT === 0) return { what: 'port', level: 'ok', detail: 'a free one is chosen' };
  try {
    await assertPublicPortFree(env.TOWER_PORT, env.TOWER_HOST);
    return { what: 'port', level: 'ok', detail: `${env.TOWER_PORT} on ${env.TOWER_HOST} is free` };
  } catch (error) {
    return { what: 'port', level: 'problem', detail: describeError(error) };
  }
}

async function checkDatabase(env: TowerEnv): Promise<Finding> {
  if (env.DATABASE_URL === undefined) return { what: 'postgres', level: 'ok', detail: 'the embedded one is started' };
  const { hostname, port } = new URL(env.DATABASE_URL);
  return checkServer('postgres', env.DATABASE_URL, hostname, Number(port || 5432), 'DATABASE_URL');
}

async function checkNats(env: TowerEnv): Promise<Finding> {
  if (env.NATS_URL !== undefined) {
    return checkGivenNats(env.NATS_URL_ADMIN ?? env.NATS_URL);
  }
  try {
    const { path, version } = await findNatsServer({ cacheDir: join(repositoryRoot, '.cache', 'nats') });
    return ofVersion(version, `nats-server ${version} (${path})`);
  } catch (error) {
    return { what: 'nats', level: 'problem', detail: describeError(error) };
  }
}

/** Logs in, as a start does. */
async function checkGivenNats(url: string): Promise<Finding> {
  const shown = withoutCredentials(url);
  try {
    const { version } = await inspectNats(url, 'admin');
    return ofVersion(version, `${shown}, nats-server ${version}, lets us in`);
  } catch (error) {
    return {
      what: 'nats',
      level: 'problem',
      detail:
        `${shown}: ${describeError(error)}; start that server with JetStream, correct the credentials in ` +
        `NATS_URL, or unset it to use the embedded one`,
    };
  }
}

function ofVersion(version: string, detail: string): Finding {
  const warning = versionWarning(version);
  return warning === undefined
    ? { what: 'nats', level: 'ok', detail }
    : { what: 'nats', level: 'note', detail: `${detail}. ${warning}` };
}

async function checkServer(what: string, url: string, host: string, port: number, variable: string): Promise<Finding> {
  const shown = withoutCredentials(url);
  const isThere = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, timeout: askTimeoutMs });
    for (const event of ['error', 'timeout', 'connect'] as const)
      socket.once(event, () => {
        socket.destroy();
        resolve(event === 'connect');
      });
  });
  return isThere
    ? { what, level: 'ok', detail: `${shown} accepts connections` }
    : {
        what,
        level: 'problem',
        detail: `nobody answers at ${shown}; start that server, or unset ${variable} to use the embedded one`,
      };
}

/** Needed for films only. */
function checkFfmpeg(env: TowerEnv): Finding {
  const found = describeFfmpeg();
  if (found !== undefined) {
    const { version, program, warning } = found;
    const detail = `${version} (${program})`;
    if (warning !== null) return { what: 'ffmpeg', level: 'note', detail: `${detail}: ${warning}` };
    return { what: 'ffmpeg', level: 'ok', detail };
  }
  const named = env.FFMPEG_PATH;
  return {
    what: 'ffmpeg',
    level: named === undefined ? 'note' : 'problem',
    detail:
      named === undefined
        ? 'not found; pictures need none, films do: install it or set FFMPEG_PATH'
        : `FFMPEG_PATH (${named}) does not run`,
  };
}

/** Whether services of a Tower that root starts step down, as far as it can be told without changing anything. */
function checkUser(env: TowerEnv, gpus: readonly ConfiguredGpu[]): Finding {
  if (process.getuid?.() !== 0) return { what: 'user', level: 'ok', detail: 'the services run as you' };
  const { user, stayRootBecause } = planServiceUser(env, gpus);
  if (user === undefined) return { what: 'user', level: 'note', detail: rootWarning(stayRootBecause) };
  return { what: 'user', level: 'ok', detail: `you are root; the services run as user ${user.uid}` };
}

/** What the embedded servers need there is less than what a library does. */
function checkHome(path: string): Finding {
  const finding = checkFolder('home', path, 0);
  return finding.level === 'ok' ? { what: 'home', ...roomFor(freeBytes(path), path) } : finding;
}

/** Tries with small files, which are removed again, what the file system of the library can do. */
async function checkLibrary(path: string): Promise<Finding> {
  const what = 'library';
  const finding = checkFolder(what, path);
  if (finding.level === 'problem') return finding;
  const examined = nearestFolder(path);
  try {
    const traits = await examineFileSystem(examined);
    const unfit = unfitBecause(traits);
    if (unfit !== undefined)
      return {
        what,
        level: 'problem',
        detail:
          `${path} lies on ${traits.kind}, where no files can be kept: ` +
          `${unfit}; name another folder by TOWER_LIBRARY`,
      };
    const lacks = lacksOf(traits);
    const detail = `${finding.detail}, on ${traits.kind}`;
    return lacks.length === 0
      ? { what, level: 'ok', detail }
      : { what, level: 'note', detail: `${detail}: ${lacks.join('; ')}` };
  } catch (error) {
    return { what, level: 'problem', detail: `${examined}: ${describeError(ownFault(error, 'library') ?? error)}` };
  }
}

function nearestFolder(path: string): string {
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  return existing;
}

function checkFolder(what: string, path: string, leastBytes = leastFreeBytes): Finding {
  const existing = nearestFolder(path);
  try {
    accessSync(existing, constants.W_OK);
  } catch {
    return { what, level: 'problem', detail: `${existing} is not writable for you` };
  }
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  if (free < leastBytes) return { what, level: 'problem', detail: `${path}: only ${gigabytes(free)} free; make room` };
  return { what, level: 'ok', detail: `${path}, ${gigabytes(free)} free` };
}

/** A card that answers is asked for its WebSocket as well. */
async function checkCard(gpu: ConfiguredGpu): Promise<Finding[]> {
  const card = await examineCard(gpu);
  const socket = card.level === 'problem' ? undefined : await checkSocket(gpu);
  return socket === undefined ? [card] : [card, socket];
}
