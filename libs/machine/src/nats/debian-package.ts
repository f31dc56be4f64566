import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@tower/kit';
import { runCommand } from '../processes/run-command';
import { findDebianArchives, readAptSources, type AptSource } from './apt-sources';
import { inDownloadFolder, putIntoPlace } from './download-folder';

/** Stable, and new enough; its package needs glibc 2.34, which Debian 12 and Ubuntu 22.04 have. */
export const defaultDebianSuite = 'trixie';

const commandTimeoutMs = 180_000;
const systemKeyrings = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

/** Can this machine take packages from a Debian archive of its own choice? */
export async function hasDebianArchive(etcApt?: string): Promise<boolean> {
  if (findDebianArchives(readAptSources(etcApt)).length === 0) return false;
  const tools = await Promise.all([runCommand(['apt-get', '--version']), runCommand(['dpkg-deb', '--version'])]);
  return tools.every(({ ok }) => ok);
}

/**
 * Takes nats-server out of Debian's package without installing it. apt downloads and checks the signature as it does
 * for any package, from the archive that this machine's own configuration names and through the same proxy.
 */
export async function downloadDebianNats(
  target: string,
  cacheDir: string,
  suite: string,
  etcApt?: string,
): Promise<void> {
  const refusals: string[] = [];
  for (const archive of findDebianArchives(readAptSources(etcApt))) {
    const refusal = await inDownloadFolder(cacheDir, (folder) => downloadFrom(archive, suite, folder, target));
    if (refusal === undefined) return;
    refusals.push(`${archive.uri}: ${refusal}`);
  }
  throw new AppError(
    'unavailable',
    'nats_package_not_downloaded',
    `no Debian archive of this machine gave the package nats-server of ${suite}: ${refusals.join('; ')}`,
    { details: { suite, refusals } },
  );
}

/** Says why it did not work; nothing when it did. */
async function downloadFrom(
  archive: AptSource,
  suite: string,
  folder: string,
  target: string,
): Promise<string | undefined> {
  const config = writeAptConfig(archive, suite, folder);
  const options = { cwd: folder, env: { ...process.env, LC_ALL: 'C' }, timeoutMs: commandTimeoutMs };
  const update = await runCommand(['apt-get', '-c', config, '-qq', 'update'], options);
  if (!update.ok) return update.output;
  const download = await runCommand(['apt-get', '-c', config, '-qq', 'download', 'nats-server'], options);
  const deb = readdirSync(folder).find((name) => /^nats-server_.*\.deb$/.test(name));
  if (!download.ok || deb === undefined) return download.output;
  const unpack = await runCommand(['dpkg-deb', '-x', join(folder, deb), join(folder, 'root')], options);
  if (!unpack.ok) return unpack.output;
  const binary = ['usr/sbin', 'usr/bin']
    .map((bin) => join(folder, 'root', bin, 'nats-server'))
    .find((path) => existsSync(path));
  if (binary === undefined) return `${deb} holds no nats-server`;
  putIntoPlace(binary, target);
  return undefined;
}

/** Given with -c, which apt reads after the machine's configuration: proxies stay, everything below is ours. */
function writeAptConfig(archive: AptSource, suite: string, folder: string): string {
  const path = (name: string): string => join(folder, name);
  for (const name of ['sources.d', 'lists/partial', 'cache/archives/partial', 'state'])
    mkdirSync(path(name), { recursive: true });
  writeFileSync(path('status'), '');
  writeFileSync(path('sources.d/debian.sources'), toDeb822(archive, suite));
  const settings = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': path('sources.d'),
    // A pin that keeps other suites off this machine is about installing.
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Default-Release': '',
    'Dir::State': path('state'),
    'Dir::State::lists': path('lists'),
    'Dir::State::status': path('status'),
    'Dir::Cache': path('cache'),
    'Dir::Cache::archives': path('cache/archives'),
    // The user _apt could not enter a closed checkout.
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
    // A download that failed is an error here, not a warning about an index that may be old.
    'APT::Update::Error-Mode': 'any',
  };
  // The machine's hooks after an update maintain the machine's own lists.
  const cleared = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'].map(
    (name) => `#clear ${name};\n`,
  );
  const config = path('apt.conf');
  writeFileSync(
    config,
    [...cleared, ...Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`)].join(''),
  );
  return config;
}

function toDeb822({ uri, signedBy }: AptSource, suite: string): string {
  const key = signedBy ?? systemKeyrings.find((file) => existsSync(file));
  const lines = ['Types: deb', `URIs: ${uri}`, `Suites: ${suite}`, 'Components: main'];
  if (key !== undefined)
    lines.push(
      `Signed-By: ${key
        .split('\n')
        .map((line, index) => (index === 0 ? line : ` ${line === '' ? '.' : line}`))
        .join('\n')}`,
    );
  return `${lines.join('\n')}\n`;
}
