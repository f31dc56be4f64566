import { readFileSync } from 'node:fs';
import { usersConfigFile } from '@tower/bus';
import { AppError, createLogger, withoutCredentials } from '@tower/kit';
import { readTowerEnv } from '../env';
import { towerHome } from '../home';
import { prepareStreams } from '../launcher/nats-access';

/** The address that the running Tower left for publishers; undefined while its NATS does not run. */
export function readPublisherUrl(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The one place that shows the secret, because it is asked for it. Throws `nats_credentials_unknown`. */
export function natsCredentials(): number {
  const env = readTowerEnv();
  const address = readPublisherUrl(towerHome(env.TOWER_HOME).natsPublisherUrl);
  if (address === undefined) {
    const why =
      env.NATS_URL === undefined
        ? `no Tower with a NATS of its own runs in ${env.TOWER_HOME}; start it, or set TOWER_HOME`
        : 'NATS_URL names a server that Tower does not run; ask whoever does for credentials';
    throw new AppError('not_found', 'nats_credentials_unknown', why);
  }
  process.stdout.write(`${address}\n`);
  return 0;
}

export function natsUsersConfig(): number {
  process.stdout.write(usersConfigFile());
  return 0;
}

/**
 * Waits for the server; 1 when a stream could not be made as it should be. Throws `nats_url_missing` and what
 * `prepareStreams` throws.
 */
export async function natsSetup(): Promise<number> {
  const env = readTowerEnv();
  const url = env.NATS_URL_ADMIN ?? env.NATS_URL;
  if (url === undefined)
    throw new AppError(
      'invalid',
      'nats_url_missing',
      'set NATS_URL to the server that needs streams, as nats://admin:password@host:4222; our own needs no setup',
    );
  const refused = await prepareStreams(url, createLogger('nats-setup', env.LOG_LEVEL));
  const said = refused.length === 0 ? [`the streams on ${withoutCredentials(url)} are as Tower needs them`] : refused;
  process.stdout.write(`${said.join('\n')}\n`);
  return refused.length === 0 ? 0 : 1;
}
