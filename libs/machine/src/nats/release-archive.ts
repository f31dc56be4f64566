import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, describeError } from '@tower/kit';
import { runCommand } from '../processes/run-command';
import { inDownloadFolder, putIntoPlace } from './download-folder';
import { releaseChecksums, releaseVersion } from './release-checksums';

export interface ReleaseSource {
  readonly baseUrl: string;
  readonly version: string;
  readonly checksums: Readonly<Record<string, string>>;
}

export const officialReleases: ReleaseSource = {
  baseUrl: 'https://github.com/nats-io/nats-server/releases/download',
  version: releaseVersion,
  checksums: releaseChecksums,
};

const downloadTimeoutMs = 180_000;

/** The project's own name for a machine, or `undefined` where there is no archive that `tar` opens. */
export function releaseTarget(platform: string = process.platform, arch: string = process.arch): string | undefined {
  const architectures: Record<string, string> = {
    x64: 'amd64',
    arm64: 'arm64',
    arm: 'arm7',
    ia32: '386',
    s390x: 's390x',
    ppc64: 'ppc64le',
  };
  const known = architectures[arch];
  return (platform === 'linux' || platform === 'darwin') && known !== undefined ? `${platform}-${known}` : undefined;
}

/** Downloads the project's release, checks it and takes the server out of it. */
export async function downloadRelease(
  target: string,
  cacheDir: string,
  machine: string,
  source: ReleaseSource = officialReleases,
): Promise<void> {
  const { baseUrl, version } = source;
  const name = `nats-server-v${version}-${machine}`;
  const archive = await download(`${baseUrl}/v${version}/${name}.tar.gz`);
  const actual = createHash('sha256').update(archive).digest('hex');
  const expected = source.checksums[machine] ?? (await publishedChecksum(source, `${name}.tar.gz`));
  if (actual !== expected) {
    throw new AppError(
      'forbidden',
      'nats_download_checksum',
      `${name}.tar.gz has the SHA-256 ${actual}, not ${expected}: it was changed on the way, and is not used`,
      { details: { name, actual, expected } },
    );
  }
  await inDownloadFolder(cacheDir, async (folder) => {
    const file = join(folder, 'archive.tar.gz');
    writeFileSync(file, archive);
    const unpack = await runCommand(['tar', '-xzf', file, '-C', folder, `${name}/nats-server`]);
    if (!unpack.ok)
      throw new AppError('internal', 'nats_download_unpack', `${name}.tar.gz could not be unpacked: ${unpack.output}`);
    putIntoPlace(join(folder, name, 'nats-server'), target);
  });
}

/**
 * For macOS no checksum could be confirmed from a second place when this was written, so the list that the project
 * publishes beside the archive has to do. It finds a damaged download; against a forged one stands only TLS.
 */
async function publishedChecksum({ baseUrl, version }: ReleaseSource, file: string): Promise<string> {
  const list = (await download(`${baseUrl}/v${version}/SHA256SUMS`)).toString('utf8');
  const line = list.split('\n').find((entry) => entry.trim().endsWith(` ${file}`) || entry.trim().endsWith(`*${file}`));
  const checksum = /^[0-9a-f]{64}\b/i.exec(line?.trim() ?? '')?.[0];
  if (checksum === undefined)
    throw new AppError(
      'forbidden',
      'nats_download_checksum',
      `the release names no SHA-256 of ${file}: it is not used`,
      { details: { file } },
    );
  return checksum.toLowerCase();
}

async function download(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(downloadTimeoutMs) });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    const reason =
      cause instanceof Error && cause.cause !== undefined ? describeError(cause.cause) : describeError(cause);
    throw new AppError('unavailable', 'nats_download_failed', `downloading ${url}: ${reason}`, { cause });
  }
}
