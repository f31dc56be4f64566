import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { isRecommended, isUsable, oldestUsable } from '@tower/bus';
import { AppError, describeError } from '@tower/kit';
import { defaultDebianSuite, downloadDebianNats, hasDebianArchive } from './debian-package';
import { readNatsVersion } from './read-nats-version';
import { downloadRelease, officialReleases, releaseTarget, type ReleaseSource } from './release-archive';

interface FoundNatsServer {
  readonly path: string;
  readonly version: string;
}

interface FindNatsServerOptions {
  /** Downloads are kept here. */
  readonly cacheDir: string;
  readonly log?: (line: string) => void;
  /** Both for tests. */
  readonly etcApt?: string;
  readonly releases?: ReleaseSource;
}

/** A way to get the server, and where it is kept afterwards. */
interface Download {
  readonly from: string;
  readonly target: string;
  /** Gives the recommended version; the other gives what the distribution has. */
  readonly isRecommended: boolean;
  run(): Promise<void>;
}

/** Milliseconds between tries to get the recommended version where an older one is at hand. */
const retryAfterMs = 24 * 60 * 60 * 1000;

/**
 * What the operator named; else a server of this machine that has no known vulnerabilities, installed or downloaded
 * before; else the project's release; else an older server of this machine; else the distribution's. Who gets an older
 * one is told by `versionWarning`.
 */
export async function findNatsServer(options: FindNatsServerOptions): Promise<FoundNatsServer> {
  const log = options.log ?? (() => undefined);
  const named = process.env['NATS_SERVER_BIN'];
  if (named !== undefined && named !== '') return checkNamed(named);
  const downloads = await possibleDownloads(options);
  const present = [...(await findInPath(log)), ...(await findDownloaded(downloads))];
  const good = present.find(({ version }) => isRecommended(version));
  if (good !== undefined) return good;

  const older = present[0];
  const refusals: string[] = [];
  for (const download of downloads.filter((candidate) => older === undefined || candidate.isRecommended)) {
    if (older !== undefined && wasTriedLately(download)) continue;
    const got = await tryDownload(download, refusals, log);
    if (got !== undefined) return got;
    if (older !== undefined) noteTried(download);
  }
  if (older !== undefined) return older;
  throw new AppError(
    'unavailable',
    'nats_server_not_found',
    `no nats-server ${wanted} on this machine, and none could be downloaded. Install it, or set ` +
      `NATS_SERVER_BIN to its path. ${refusals.join('; ')}`,
    { details: { refusals } },
  );
}

async function tryDownload(
  { from, target, run }: Download,
  refusals: string[],
  log: (line: string) => void,
): Promise<FoundNatsServer | undefined> {
  log(`downloading nats-server from ${from}`);
  try {
    await run();
    const version = await readNatsVersion(target);
    if (version !== undefined && isUsable(version)) return { path: target, version };
    refusals.push(
      `${from}: what it gave ` +
        `${version === undefined ? 'does not run on this machine' : `is the old version ${version}`}`,
    );
  } catch (error) {
    refusals.push(`${from}: ${describeError(error)}`);
  }
  log(refusals.at(-1) ?? '');
  return undefined;
}

/** An empty file beside the downloads; its age says when. */
const markOf = ({ target }: Download): string => `${dirname(target)}.tried`;

function wasTriedLately(download: Download): boolean {
  const mark = statSync(markOf(download), { throwIfNoEntry: false });
  return mark !== undefined && Date.now() - mark.mtimeMs < retryAfterMs;
}

function noteTried(download: Download): void {
  mkdirSync(dirname(markOf(download)), { recursive: true });
  writeFileSync(markOf(download), '');
}

const wanted = `${oldestUsable} or newer`;

async function checkNamed(path: string): Promise<FoundNatsServer> {
  const version = await readNatsVersion(path);
  if (version === undefined)
    throw new AppError(
      'invalid',
      'nats_server_unusable',
      `NATS_SERVER_BIN names ${path}, which is no nats-server that runs here`,
      { details: { path } },
    );
  if (!isUsable(version)) {
    throw new AppError(
      'invalid',
      'nats_server_too_old',
      `NATS_SERVER_BIN names ${path} of version ${version}; Tower needs ${wanted}`,
      { details: { path, version } },
    );
  }
  return { path, version };
}

/** Every usable one, in the order of the path. */
async function findInPath(log: (line: string) => void): Promise<FoundNatsServer[]> {
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  const found: FoundNatsServer[] = [];
  for (const path of (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder === '' ? '.' : folder, name))) {
    if (!isProgram(path)) continue;
    const version = await readNatsVersion(path);
    if (version !== undefined && isUsable(version)) found.push({ path, version });
    else
      log(
        `${path} is passed over: ` +
          `${version === undefined ? 'it does not run' : `version ${version} is older than ${oldestUsable}`}`,
      );
  }
  return found;
}

async function findDownloaded(downloads: readonly Download[]): Promise<FoundNatsServer[]> {
  const found: FoundNatsServer[] = [];
  for (const { target } of downloads) {
    const version = await readNatsVersion(target);
    if (version !== undefined && isUsable(version)) found.push({ path: target, version });
  }
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function debianSuite(): string {
  const suite = process.env['NATS_DEBIAN_SUITE'] ?? defaultDebianSuite;
  // It becomes part of a path and of apt's configuration.
  if (!/^[a-z][a-z0-9.-]*$/.test(suite))
    throw new AppError(
      'invalid',
      'nats_debian_suite_invalid',
      `NATS_DEBIAN_SUITE is "${suite}", which is no name of a Debian suite`,
    );
  return suite;
}

/**
 * The recommended version first. The archive of the system is older, but needs no host beyond those the machine uses
 * already.
 */
async function possibleDownloads({
  cacheDir,
  etcApt,
  releases = officialReleases,
}: FindNatsServerOptions): Promise<Download[]> {
  const suite = debianSuite();
  const downloads: Download[] = [];
  const machine = releaseTarget();
  if (machine !== undefined) {
    const target = join(cacheDir, `release-${releases.version}-${machine}`, 'nats-server');
    downloads.push({
      from: `the project's releases (${releases.version})`,
      target,
      isRecommended: true,
      run: () => downloadRelease(target, cacheDir, machine, releases),
    });
  }
  if (await hasDebianArchive(etcApt)) {
    const target = join(cacheDir, `debian-${suite}-${process.arch}`, 'nats-server');
    downloads.push({
      from: `the Debian archive (${suite})`,
      target,
      isRecommended: false,
      run: () => downloadDebianNats(target, cacheDir, suite, etcApt),
    });
  }
  return downloads;
}
