import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AppError, describeError } from '@tower/kit';
import { defaultDebianSuite, downloadDebianNats, hasDebianArchive } from './debian-package';
import { isUsable, oldestUsable, readNatsVersion } from './nats-version';
import { downloadRelease, officialReleases, releaseTarget, type ReleaseSource } from './release-archive';

export interface FoundNatsServer {
  readonly path: string;
  readonly version: string;
}

export interface FindNatsServerOptions {
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
  run(): Promise<void>;
}

/** What the operator named, else what is installed, else what was downloaded before, else a download. */
export async function findNatsServer(options: FindNatsServerOptions): Promise<FoundNatsServer> {
  const log = options.log ?? (() => undefined);
  const named = process.env['NATS_SERVER_BIN'];
  if (named !== undefined && named !== '') return checkNamed(named);
  const installed = await findInPath(log);
  if (installed !== undefined) return installed;

  const downloads = await possibleDownloads(options);
  for (const { target } of downloads) {
    const version = await readNatsVersion(target);
    if (version !== undefined && isUsable(version)) return { path: target, version };
  }
  const refusals: string[] = [];
  for (const { from, target, run } of downloads) {
    log(`downloading nats-server from ${from}`);
    try {
      await run();
      const version = await readNatsVersion(target);
      if (version !== undefined && isUsable(version)) return { path: target, version };
      refusals.push(`${from}: what it gave ${version === undefined ? 'does not run on this machine' : `is the old version ${version}`}`);
    } catch (error) {
      refusals.push(`${from}: ${describeError(error)}`);
    }
    log(refusals.at(-1) ?? '');
  }
  throw new AppError(
    'unavailable',
    'nats_server_not_found',
    `no nats-server ${wanted} on this machine, and none could be downloaded. Install it, or set NATS_SERVER_BIN to its path. ${refusals.join('; ')}`,
    { details: { refusals } },
  );
}

const wanted = `${oldestUsable.join('.')} or newer`;

async function checkNamed(path: string): Promise<FoundNatsServer> {
  const version = await readNatsVersion(path);
  if (version === undefined) throw new AppError('invalid', 'nats_server_unusable', `NATS_SERVER_BIN names ${path}, which is no nats-server that runs here`, { details: { path } });
  if (!isUsable(version)) {
    throw new AppError('invalid', 'nats_server_too_old', `NATS_SERVER_BIN names ${path} of version ${version}; Tower needs ${wanted}`, { details: { path, version } });
  }
  return { path, version };
}

async function findInPath(log: (line: string) => void): Promise<FoundNatsServer | undefined> {
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  for (const path of (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder === '' ? '.' : folder, name))) {
    if (!isProgram(path)) continue;
    const version = await readNatsVersion(path);
    if (version !== undefined && isUsable(version)) return { path, version };
    log(`${path} is passed over: ${version === undefined ? 'it does not run' : `version ${version} is older than ${oldestUsable.join('.')}`}`);
  }
  return undefined;
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
  if (!/^[a-z][a-z0-9.-]*$/.test(suite)) throw new AppError('invalid', 'nats_debian_suite_invalid', `NATS_DEBIAN_SUITE is "${suite}", which is no name of a Debian suite`);
  return suite;
}

/** Where the archive of the system is at hand it comes first: it needs no host beyond those the machine uses already. */
async function possibleDownloads({ cacheDir, etcApt, releases = officialReleases }: FindNatsServerOptions): Promise<Download[]> {
  const suite = debianSuite();
  const downloads: Download[] = [];
  if (await hasDebianArchive(etcApt)) {
    const target = join(cacheDir, `debian-${suite}-${process.arch}`, 'nats-server');
    downloads.push({ from: `the Debian archive (${suite})`, target, run: () => downloadDebianNats(target, cacheDir, suite, etcApt) });
  }
  const machine = releaseTarget();
  if (machine !== undefined) {
    const target = join(cacheDir, `release-${releases.version}-${machine}`, 'nats-server');
    downloads.push({ from: `the project's releases (${releases.version})`, target, run: () => downloadRelease(target, cacheDir, machine, releases) });
  }
  return downloads;
}
